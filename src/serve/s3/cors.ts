import type { S3Request, S3Response } from './protocol.ts';

const exposed = [
  'ETag Content-Length Content-Range Last-Modified Accept-Ranges x-amz-request-id x-amz-bucket-region',
  'x-amz-checksum-crc32 x-amz-checksum-crc32c x-amz-checksum-crc64nvme x-amz-checksum-sha1 x-amz-checksum-sha256',
  'x-amz-checksum-type x-amz-mp-parts-count',
]
  .join(' ')
  .replaceAll(' ', ', ');

/** Headers that let pages of an origin read the answers. */
export function corsHeaders(allowOrigin: string | undefined): Record<string, string> {
  if (allowOrigin === undefined) return {};
  return {
    'access-control-allow-origin': allowOrigin,
    'access-control-expose-headers': exposed,
    ...(allowOrigin === '*' ? {} : { vary: 'Origin' }),
  };
}

/** A browser asks beforehand; there is no signature in that. */
export function preflight(r: S3Request, allowOrigin: string | undefined): S3Response {
  if (allowOrigin === undefined || r.headers['access-control-request-method'] === undefined)
    return { status: 403, headers: {} };
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
      'access-control-allow-headers': r.headers['access-control-request-headers'] ?? '*',
      'access-control-max-age': '3600',
    },
  };
}
