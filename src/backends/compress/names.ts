import { TscloneError } from '../../core/errors.ts';
import { leafOf } from '../../core/path.ts';

/*
 * A file is two objects: `F.json`, and `F.bin` (stored) or `F.<size>.gz`, `F.<size>.zst` (compressed).
 * Source: rclone `backend/compress/compress.go` and its documentation.
 */

/** How the data is stored; the numbers are those in the metadata object. */
export const modes = { stored: 0, gzip: 2, zstd: 4 } as const;
export type Mode = (typeof modes)[keyof typeof modes];

export const metadataSuffix = '.json';
export const storedSuffix = '.bin';
export const extensions = { [modes.gzip]: '.gz', [modes.zstd]: '.zst' } as const;

export const metadataName = (path: string): string => path + metadataSuffix;

/** `size` -1 = not known yet. */
export function dataName(path: string, mode: Mode, size: number): string {
  return mode === modes.stored ? path + storedSuffix : `${path}.${sizeToken(size)}${extensions[mode]}`;
}

/** Eight bytes, little-endian, signed, in base64 of the URL alphabet without padding: 11 characters. */
export function sizeToken(size: number | bigint): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(size), true);
  const text = btoa(String.fromCharCode(...bytes));
  return text.slice(0, 11).replaceAll('+', '-').replaceAll('/', '_');
}

/** The number behind a token, undefined for other text. Bits that no size sets are ignored, as rclone does. */
export function tokenSize(token: string): bigint | undefined {
  if (!/^[A-Za-z0-9_-]{11}$/.test(token)) return undefined;
  const binary = atob(`${token.replaceAll('-', '+').replaceAll('_', '/')}=`);
  const bytes = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  return new DataView(bytes.buffer).getBigInt64(0, true);
}

/** What the name of a data object says. `size` absent = the object's own size; 'unknown' = an upload under way. */
export interface DataName {
  readonly path: string;
  readonly size?: number | 'unknown';
}

/** Reads the name of a data object; a text is rclone's reason why it is none. */
export function parseDataName(name: string): DataName | string {
  const leaf = leafOf(name);
  const dot = leaf.lastIndexOf('.');
  if (dot < 0) return 'file name has no extension';
  const rest = name.slice(0, name.length - leaf.length + dot);
  if (leaf.slice(dot) === storedSuffix)
    return leaf.length === storedSuffix.length ? 'invalid filename' : { path: rest };
  const found = /^(.+?)\.([A-Za-z0-9_-]{11})$/s.exec(leaf.slice(0, dot));
  if (!found) return 'invalid filename';
  const size = tokenSize(found[2] as string);
  const path = rest.slice(0, rest.length - 12);
  if (size === -1n) return { path, size: 'unknown' };
  if (size === undefined || size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) return 'could not decode size';
  return { path, size: Number(size) };
}

/** @throws bad_path for the root itself */
export function checkName(path: string, root: string): void {
  if (path === '') throw new TscloneError('bad_path', `${root}: an object needs a name`, { path, retry: 'no' });
}
