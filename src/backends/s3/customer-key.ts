import { fromBase64, toBase64, utf8 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import type { S3Options } from './options.ts';

/** A key of the caller's (SSE-C) as its headers want it: key and MD5 in base64. '' = no such header. */
export interface CustomerKey {
  readonly algorithm: string;
  readonly key: string;
  readonly md5: string;
}

/** Key and digest out of the options. @throws bad_config, with rclone's words */
export function customerKey(remote: string, o: S3Options, platform: Platform): CustomerKey {
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', `s3: ${message}`, { remote, retry: 'no' });
  const { sse_customer_key: raw, sse_customer_key_base64: encoded } = o;
  if (raw !== '' && encoded !== '')
    throw fail("can't use sse_customer_key and sse_customer_key_base64 at the same time");
  const key = encoded === '' ? utf8(raw) : fromBase64(encoded);
  if (key === undefined) throw fail('Could not decode sse_customer_key_base64: illegal base64 data');
  if (key.length === 0) return { algorithm: o.sse_customer_algorithm, key: '', md5: o.sse_customer_key_md5 };
  const hash = platform.createHash('md5');
  hash.update(key);
  return {
    algorithm: o.sse_customer_algorithm,
    key: toBase64(key),
    md5: o.sse_customer_key_md5 || toBase64(hash.digest()),
  };
}
