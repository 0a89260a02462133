import { toHex } from '../../core/bytes.ts';
import type { BackendDefinition } from '../../core/definition.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { pureSecretbox } from '../../core/secretbox.ts';
import { checkTarget, revealOption } from '../layer.ts';
import { createCryptBackend } from './backend.ts';
import { deriveKeys, type CryptKeys } from './keys.ts';
import { createNameCipher, type NameOptions } from './names.ts';
import { options, type CryptOptions } from './options.ts';
import { textEncodings } from './text-encoding.ts';

/** Encrypts names and content on top of another remote, byte for byte as rclone's crypt. */
export const crypt: BackendDefinition<CryptOptions> = {
  type: 'crypt',
  summary: 'Encrypts another remote',
  options,
  commands: async () => (await import('./help.ts')).cryptCommands,
  async open({ name, options: o, platform, emit, openRemote }) {
    checkTarget(name, 'crypt', o.remote);
    const fail = (message: string): TscloneError =>
      new TscloneError('bad_config', message, { remote: name, retry: 'no' });
    if (o.password === '') throw fail('password not set in config file');
    const password = revealOption(name, 'password', o.password);
    const password2 = o.password2 === '' ? new Uint8Array(0) : revealOption(name, 'password2', o.password2);

    const mode = o.filename_encryption.toLowerCase();
    if (!['standard', 'obfuscate', 'off'].includes(mode))
      throw fail(`unknown file name encryption mode ${JSON.stringify(o.filename_encryption)}`);
    const encoding = o.filename_encoding.toLowerCase();
    if (!Object.hasOwn(textEncodings, encoding))
      throw fail(`unknown file name encoding mode ${JSON.stringify(o.filename_encoding)}`);
    let suffix = o.suffix.toLowerCase() === 'none' ? '' : o.suffix;
    if (suffix !== '' && !suffix.startsWith('.')) {
      const message = "crypt: bad suffix: suffix config setting should include a '.'";
      emit({ type: 'log', level: 'error', message });
      suffix = `.${suffix}`;
    }

    const base = await openRemote(o.remote);
    const keys = await deriveKeys(platform, password, password2);
    const names: NameOptions = {
      mode: mode as NameOptions['mode'],
      encoding,
      encryptDirectories: o.directory_name_encryption,
      suffix,
    };
    return createCryptBackend({
      name,
      options: o,
      base,
      names: createNameCipher(platform, keys, names),
      contentId: contentId(platform, o.no_data_encryption ? undefined : keys),
      box: (await platform.secretbox?.(keys.data)) ?? pureSecretbox(keys.data),
      platform,
      emit,
    });
  },
};

/** One-way: the key cannot be told from it. */
function contentId(platform: Platform, keys: CryptKeys | undefined): string {
  if (!keys) return 'plain';
  const hash = platform.createHash('sha256');
  hash.update(keys.data);
  return toHex(hash.digest());
}
