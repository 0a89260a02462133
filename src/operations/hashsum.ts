import type { ByteSource, HashType, ObjectInfo } from '../core/backend.ts';
import { toBase64, toHex } from '../core/bytes.ts';
import { messageOf, throwIfAborted, TscloneError } from '../core/errors.ts';
import { untilAborted } from '../core/pull.ts';
import { callOptions, log, type OperationContext } from './context.ts';
import { listEntries } from './list.ts';
import type { Located } from './locate.ts';
import { mapOrdered } from './pool.ts';
import type { Held } from './same.ts';

export interface DigestOptions {
  readonly type: HashType;
  /** Read the object and work it out here, whatever the store says. */
  readonly download: boolean;
}

/** The digest of a stored object in hex; '' = the store does not have it. @throws unsupported */
export async function digestOf(c: OperationContext, { backend, info }: Held, o: DigestOptions): Promise<string> {
  if (o.download) {
    const { body } = await backend.read(info.path, { ...callOptions(c), info });
    return toHex(await digestStream(c, body, o.type));
  }
  if (!backend.hashes.includes(o.type) || !backend.hash)
    throw new TscloneError('unsupported', 'hash unsupported: hash type not supported', {
      path: info.path,
      retry: 'no',
    });
  return (await backend.hash(info.path, o.type, { ...callOptions(c), info })) ?? '';
}

/** The digest of everything that a stream gives. */
export async function digestStream(c: OperationContext, source: ByteSource, type: HashType): Promise<Uint8Array> {
  const hash = c.platform.createHash(type);
  for await (const chunk of untilAborted(source, c.signal)) hash.update(chunk);
  return hash.digest();
}

/** The digests of all objects; what fails is logged and counted. */
export async function* digests(
  c: OperationContext,
  located: Located,
  o: DigestOptions,
): AsyncGenerator<{ info: ObjectInfo; digest: string }, void, void> {
  const { backend } = located;
  const entries = listEntries(c, located, { recursive: true, dirs: false, files: true, want: [] });
  const found = mapOrdered(entries, c.settings.checkers, async (entry) => {
    const info = entry as ObjectInfo;
    try {
      return { info, digest: await digestOf(c, { backend, info }, o) };
    } catch (e) {
      throwIfAborted(c.signal);
      log(c, 'error', info.path, messageOf(e));
      c.accounting.error(e);
      return undefined;
    }
  });
  for await (const one of found) if (one) yield one;
}

/** Hex as rclone's `--base64` prints it: URL-safe, with padding. */
export function hexToBase64Url(hex: string): string {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_');
}
