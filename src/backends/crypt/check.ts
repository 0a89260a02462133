import type { Backend, CallOptions, HashType, ObjectInfo } from '../../core/backend.ts';
import { collect, toHex } from '../../core/bytes.ts';
import type { CryptRoot } from './backend.ts';
import { encrypt, headerBytes, readHeader } from './content.ts';

/** Digests of the stored object and of what the plain one becomes under the same nonce; undefined = not known. */
export async function encryptedDigests(
  { context: c, inner }: CryptRoot,
  path: string,
  plain: { readonly backend: Backend; readonly info: ObjectInfo },
  type: HashType,
  o: CallOptions,
): Promise<{ stored: string; expected: string } | undefined> {
  const encrypted = c.names.encryptFile(path);
  const stored = await inner.hash?.(encrypted, type, o);
  if (!stored) return undefined;
  const { body } = await plain.backend.read(plain.info.path, { ...o, info: plain.info });
  const source = c.options.no_data_encryption ? body : encrypt(body, c.box, { path, nonce: await nonceOf() });
  const hash = c.platform.createHash(type);
  for await (const chunk of source) hash.update(chunk);
  return { stored, expected: toHex(hash.digest()) };

  async function nonceOf(): Promise<Uint8Array> {
    const header = await inner.read(encrypted, { ...o, range: { start: 0, end: headerBytes } });
    return readHeader(await collect(header.body), path);
  }
}
