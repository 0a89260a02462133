import { readFile } from 'node:fs/promises';
import { fromUtf8 } from '../core/bytes.ts';
import { messageOf } from '../core/errors.ts';
import type { NetworkSettings } from '../core/network.ts';
import { reveal } from '../core/obscure.ts';
import type { FlagValues } from '../options/flags.ts';
import { StartError } from './errors.ts';

/** What the flags say of connections. @throws StartError for files that cannot be read, and halves of a pair */
export async function networkOf(flags: FlagValues): Promise<NetworkSettings> {
  const [cert, key] = [flags.string('client-cert'), flags.string('client-key')];
  if ((cert === '') !== (key === ''))
    throw new StartError('--client-cert and --client-key go together: both must be set');
  const proxy = flags.string('http-proxy');
  if (proxy !== '' && !URL.canParse(proxy)) throw new StartError('--http-proxy is no URL: http://host:port');
  return {
    bind: flags.string('bind'),
    authorities: await Promise.all(flags.list('ca-cert').map((path) => pem('ca-cert', path))),
    ...(cert === ''
      ? {}
      : {
          client: {
            cert: await pem('client-cert', cert),
            key: await pem('client-key', key),
            passphrase: passphrase(flags.string('client-pass')),
          },
        }),
    checkCertificates: !flags.bool('no-check-certificate'),
    keepAlive: !flags.bool('disable-http-keep-alives'),
    maxConnections: Math.max(0, flags.int('max-connections')),
    proxy,
  };
}

async function pem(flag: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (e) {
    throw new StartError(`--${flag} ${path}: ${messageOf(e)}`);
  }
  if (!text.includes('-----BEGIN ')) throw new StartError(`--${flag} ${path}: it is no PEM file`);
  return text;
}

function passphrase(obscured: string): string {
  if (obscured === '') return '';
  try {
    return fromUtf8(reveal(obscured));
  } catch {
    throw new StartError('--client-pass is not obscured: make it with tsclone obscure');
  }
}
