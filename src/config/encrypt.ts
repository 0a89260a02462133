import { concatBytes, toBase64, utf8 } from '../core/bytes.ts';
import { TscloneError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import { pureSecretbox } from '../core/secretbox.ts';

/** Source of the format: rclone's manual, "Configuration encryption", and files of rclone 1.75. */
const marker = 'RCLONE_ENCRYPT_V0:';
const heading = '# Encrypted rclone configuration File';
const nonceBytes = 24;
const tagBytes = 16;

/** A key that opens an encrypted config; the password itself is not kept. */
export type ConfigKey = Uint8Array;

/**
 * The base64 text of an encrypted config; undefined = the file is not encrypted.
 * @throws bad_config for a version of the encryption that is not known
 */
export function encryptedPart(file: string): string | undefined {
  const lines = file.replace(/^\ufeff/, '').split('\n');
  const at = lines.findIndex((line) => /^[^#;]/.test(line.trim()));
  const first = lines[at]?.trim();
  if (first === undefined || !first.startsWith('RCLONE_ENCRYPT_V')) return undefined;
  if (first !== marker) throw broken('unsupported configuration encryption - update tsclone or rclone for support');
  return lines.slice(at + 1).join('\n');
}

/**
 * The key of a password: SHA-256 over its NFKC form in rclone's frame.
 * @throws bad_config when the password has no visible character or is not UTF-8
 */
export function configKey(platform: Pick<Platform, 'createHash'>, password: string): ConfigKey {
  // Bytes that are not UTF-8 arrive as U+FFFD or as lone surrogates: their key would be another program's wrong one.
  if (/[\ufffd\ud800-\udfff]/u.test(password)) throw broken('password contains invalid utf8 characters');
  if (password.trim() === '') throw broken('no characters in password');
  const hash = platform.createHash('sha256');
  hash.update(utf8(`[${password.normalize('NFKC')}][rclone-config]`));
  return hash.digest();
}

/**
 * Decrypts the base64 text of an encrypted config; undefined = the key is wrong or the text was changed.
 * @throws bad_config when it is no encrypted text at all
 */
export function openConfig(part: string, key: ConfigKey): Uint8Array | undefined {
  const sealed = decode(part);
  if (sealed.length < nonceBytes + tagBytes) throw broken('configuration data too short');
  return pureSecretbox(key).open(sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes));
}

/** The text of an encrypted config file. Like rclone's it ends without a line break. */
export function sealConfig(plain: Uint8Array, key: ConfigKey, randomBytes: Platform['randomBytes']): string {
  const nonce = randomBytes(nonceBytes);
  const sealed = concatBytes([nonce, pureSecretbox(key).seal(nonce, plain)]);
  return `${heading}\n\n${marker}\n${toBase64(sealed)}`;
}

function decode(part: string): Uint8Array {
  const text = part.replace(/[\r\n]/g, '');
  const illegal = /[^A-Za-z0-9+/]/.exec(text.replace(/={1,2}$/, ''));
  if (illegal || text.length % 4 !== 0) {
    throw broken(
      `failed to load base64 encoded data: illegal base64 data at input byte ${illegal?.index ?? text.length}`,
    );
  }
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

function broken(reason: string): TscloneError {
  return new TscloneError('bad_config', reason, { retry: 'no' });
}
