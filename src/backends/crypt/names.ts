import { utf8 } from '../../core/bytes.ts';
import type { BlockCipher, Platform } from '../../core/platform.ts';
import { emeDecrypt, emeEncrypt, maxBytes } from './eme.ts';
import type { CryptKeys } from './keys.ts';
import { NameError } from './name-error.ts';
import { deobfuscate, obfuscate } from './obfuscate.ts';
import { textEncodings, type TextEncoding } from './text-encoding.ts';
import { joinVersion, splitVersion } from '../../core/version-suffix.ts';

/** Plain paths and encrypted ones, segment by segment. All of them throw a NameError. */
export interface NameCipher {
  encryptFile(path: string): string;
  encryptDir(path: string): string;
  decryptFile(path: string): string;
  decryptDir(path: string): string;
}

export interface NameOptions {
  readonly mode: 'standard' | 'obfuscate' | 'off';
  readonly encoding: string;
  readonly encryptDirectories: boolean;
  /** With its dot; '' = none. */
  readonly suffix: string;
}

interface SegmentCipher {
  encrypt(segment: string): string;
  decrypt(segment: string): string;
}

const mismatch = 'not an encrypted file - does not match suffix';

export function createNameCipher(platform: Platform, keys: CryptKeys, o: NameOptions): NameCipher {
  if (o.mode === 'off') return suffixOnly(o.suffix);
  const segments = o.mode === 'standard' ? standard(platform, keys, o.encoding) : obfuscated(keys);

  const eachSegment = (path: string, f: (segment: string) => string): string =>
    path
      .split('/')
      .map((segment) => (segment === '' ? '' : f(segment)))
      .join('/');
  const directory = (path: string, f: (segment: string) => string): string =>
    o.encryptDirectories ? eachSegment(path, f) : path;

  const file = (path: string, f: (segment: string) => string): string => {
    const slash = path.lastIndexOf('/') + 1;
    const leaf = path.slice(slash);
    if (leaf === '') return directory(path, f);
    const { stem, version, extension } = splitVersion(leaf);
    return directory(path.slice(0, slash), f) + joinVersion(f(stem + extension), version);
  };

  return {
    encryptFile: (path) => file(path, segments.encrypt),
    decryptFile: (path) => file(path, segments.decrypt),
    encryptDir: (path) => directory(path, segments.encrypt),
    decryptDir: (path) => directory(path, segments.decrypt),
  };
}

/** Mode `off`: files get a suffix. */
function suffixOnly(suffix: string): NameCipher {
  return {
    encryptFile: (path) => path + suffix,
    decryptFile(path) {
      const { stem, extension } = splitVersion(path);
      if (stem.length + extension.length <= suffix.length || !path.endsWith(suffix)) throw new NameError(mismatch);
      return path.slice(0, path.length - suffix.length);
    },
    encryptDir: (path) => path,
    decryptDir: (path) => path,
  };
}

/** Mode `standard`: PKCS#7 to whole blocks, EME, text. */
function standard(platform: Platform, keys: CryptKeys, encodingName: string): SegmentCipher {
  const text = textEncodings[encodingName] as TextEncoding;
  const cipher: BlockCipher = platform.aesBlocks(keys.name);
  return {
    encrypt(segment) {
      if (/\p{Surrogate}/u.test(segment)) throw new NameError('the name is not valid Unicode');
      const padded = pad(utf8(segment));
      if (padded.length > maxBytes) throw new NameError(`the name has more than ${maxBytes - 1} bytes`);
      return text.encode(emeEncrypt(cipher, keys.nameTweak, padded));
    },
    decrypt(segment) {
      const bytes = text.decode(segment);
      if (bytes.length % 16 !== 0) throw new NameError('not a multiple of blocksize');
      if (bytes.length === 0) throw new NameError('too short after base32 decode');
      if (bytes.length > maxBytes) throw new NameError('too long after base32 decode');
      try {
        return strictUtf8.decode(unpad(emeDecrypt(cipher, keys.nameTweak, bytes)));
      } catch (e) {
        throw e instanceof NameError ? e : new NameError('the name is not valid UTF-8');
      }
    },
  };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function pad(bytes: Uint8Array): Uint8Array {
  const count = 16 - (bytes.length % 16);
  const out = new Uint8Array(bytes.length + count).fill(count);
  out.set(bytes);
  return out;
}

function unpad(bytes: Uint8Array): Uint8Array {
  const count = bytes.at(-1) as number;
  if (count > 16) throw new NameError('bad PKCS#7 padding - too long');
  if (count === 0) throw new NameError('bad PKCS#7 padding - too short');
  if (bytes.subarray(-count).some((b) => b !== count)) throw new NameError('bad PKCS#7 padding - not all the same');
  return bytes.subarray(0, bytes.length - count);
}

function obfuscated(keys: CryptKeys): SegmentCipher {
  return {
    encrypt: (segment) => obfuscate(segment, keys.name),
    decrypt: (segment) => deobfuscate(segment, keys.name),
  };
}
