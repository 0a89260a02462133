import { formatMtimeSeconds, parseMtimeSeconds } from '../../core/time.ts';
import { S3Fault, type S3Request } from './protocol.ts';

/** What a request gives to a new object beside its bytes. */
export interface ObjectFields {
  readonly mimeType: string;
  /** User metadata, keys in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `cache-control`, `content-encoding` … */
  readonly systemHeaders: Readonly<Record<string, string>>;
}

export const systemHeaderNames = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

/** S3's own type for what comes without one. */
export const defaultType = 'binary/octet-stream';

const prefix = 'x-amz-meta-';
/** S3's limit for the names and values together. */
const maxMetadata = 2048;

/** @throws S3Fault MetadataTooLarge */
export function fieldsOf(r: S3Request, limit = maxMetadata): ObjectFields {
  const metadata: Record<string, string> = {};
  const systemHeaders: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(r.headers)) {
    if (name.startsWith(prefix)) {
      const key = name.slice(prefix.length);
      metadata[key] = value;
      size += key.length + value.length;
    } else if ((systemHeaderNames as readonly string[]).includes(name)) {
      const text = name === 'content-encoding' ? withoutChunking(value) : value;
      if (text !== '') systemHeaders[name] = text;
    }
  }
  if (size > limit)
    throw new S3Fault(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      details: { Size: size, MaxSizeAllowed: limit },
    });
  return { mimeType: r.headers['content-type'] || defaultType, metadata, systemHeaders };
}

/** `aws-chunked` is how the body came, not what it is. */
const withoutChunking = (value: string): string =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part.toLowerCase() !== 'aws-chunked')
    .join(', ');

/** Headers that give the fields back. */
export function fieldHeaders(fields: ObjectFields): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': fields.mimeType, ...fields.systemHeaders };
  for (const [name, value] of Object.entries(fields.metadata)) headers[prefix + name] = value;
  return headers;
}

/** The modification time that S3 clients keep in the metadata. */
export const modTimeOf = (fields: ObjectFields): bigint | undefined =>
  parseMtimeSeconds(fields.metadata['mtime'] ?? '');

/*
 * A backend that keeps user metadata keeps the fields too: under the names by which rclone knows them, and what would
 * be taken for one of those names, or would not come back as it was, under a name of ours.
 */

const ours = 'tsclone-user-';
/** Names to which backends give a meaning. */
const meaningful = new Set<string>([
  ...systemHeaderNames,
  'content-type',
  'mtime',
  'btime',
  'atime',
  'md5chksum',
  'tier',
]);

export function toBackendMetadata(fields: ObjectFields): Record<string, string> {
  const out: Record<string, string> = { ...fields.systemHeaders };
  for (const [name, value] of Object.entries(fields.metadata)) {
    const time = name === 'mtime' ? parseMtimeSeconds(value) : undefined;
    // The time itself says it.
    if (time !== undefined && formatMtimeSeconds(time) === value) continue;
    out[meaningful.has(name) || name.startsWith(ours) || /^object-lock-|^x-amz-/.test(name) ? ours + name : name] =
      value;
  }
  return out;
}

export function fromBackendMetadata(
  given: Readonly<Record<string, string>> | undefined,
  modTime: bigint | undefined,
): Pick<ObjectFields, 'metadata' | 'systemHeaders'> {
  const metadata: Record<string, string> = {};
  const systemHeaders: Record<string, string> = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    if ((systemHeaderNames as readonly string[]).includes(name)) systemHeaders[name] = value;
    else if (name.startsWith(ours)) metadata[name.slice(ours.length)] = value;
    else if (!meaningful.has(name) && !name.startsWith('object-lock-')) metadata[name] = value;
  }
  // A store with times of its own: rclone's clients find it where they look for it.
  if (modTime !== undefined && metadata['mtime'] === undefined) metadata['mtime'] = formatMtimeSeconds(modTime);
  return { metadata, systemHeaders };
}
