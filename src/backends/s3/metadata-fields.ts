import type { Nanos } from '../../core/entry.ts';
import { formatMtimeSeconds } from '../../core/time.ts';
import type { S3Connection } from './client.ts';
import { md5Key, mtimeKey, systemHeaders, type SystemHeader } from './metadata.ts';
import { lockKeys } from './object-lock.ts';

/** Fields of a Put, Copy or CreateMultipartUpload command that say what an object is. */
export type MetadataFields = { Metadata: Record<string, string> } & Partial<
  Record<(typeof systemHeaders)[SystemHeader] | 'ContentType' | 'Tagging' | 'IfMatch' | 'IfNoneMatch', string>
>;

export interface MetadataSource {
  /** For messages. */
  readonly path: string;
  readonly modTime: Nanos;
  /** Used where the metadata names none. */
  readonly mimeType: string | undefined;
  /** System and user keys under rclone's names. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** The whole object's MD5 in base64, where the ETag will not tell it. */
  readonly md5: string | undefined;
}

const lockNames: ReadonlySet<string> = new Set(Object.values(lockKeys));

/** Metadata as S3 stores it: system keys as headers, everything else as user metadata beside mtime and MD5. */
export function metadataFields(c: S3Connection, source: MetadataSource): MetadataFields {
  const out: MetadataFields = { Metadata: {} };
  if (source.mimeType !== undefined) out.ContentType = source.mimeType;
  for (const [name, value] of Object.entries(source.metadata ?? {})) {
    const key = name.toLowerCase();
    const isSystem = !c.options.no_system_metadata && setSystemField(out, key, value);
    if (isSystem || key === md5Key || lockNames.has(key)) continue;
    // The time is the caller's (`writtenTime`), the tier has an option of its own.
    if (key === mtimeKey) continue;
    if (c.options.no_system_metadata || key !== 'tier') out.Metadata[key] = value;
  }
  out.Metadata[mtimeKey] = formatMtimeSeconds(source.modTime);
  if (source.md5 !== undefined) out.Metadata[md5Key] = source.md5;
  dropUnsendable(c, source.path, out);
  return out;
}

function setSystemField(out: MetadataFields, key: string, value: string): boolean {
  if (Object.hasOwn(systemHeaders, key)) out[systemHeaders[key as SystemHeader]] = value;
  else if (key === 'content-type') out.ContentType = value;
  else if (key === 'x-amz-tagging') out.Tagging = value;
  else return false;
  return true;
}

/** What no header can carry is left out with an error in the log, as rclone does; the upload goes on. */
function dropUnsendable(c: S3Connection, path: string, fields: MetadataFields): void {
  const drop = (what: string, key: string): void =>
    c.emit({
      type: 'log',
      level: 'error',
      subject: path,
      message: `Dropping invalid metadata ${what} ${JSON.stringify(key)}`,
    });
  for (const [key, value] of Object.entries(fields.Metadata)) {
    const problem = !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(key) ? 'key' : hasControl(value) ? 'value for' : '';
    if (problem === '') continue;
    drop(problem, key);
    delete fields.Metadata[key];
  }
  for (const field of Object.keys(fields) as (keyof MetadataFields)[]) {
    const value = fields[field];
    if (typeof value !== 'string' || !hasControl(value)) continue;
    drop('value for', field);
    delete (fields as Partial<MetadataFields>)[field];
  }
}

const hasControl = (value: string): boolean => [...value].some((ch) => (ch < ' ' && ch !== '\t') || ch === '\x7f');

/** The headers that `--header-upload` may set, and the field of each. */
const uploadFields: Readonly<Record<string, keyof MetadataFields>> = {
  ...systemHeaders,
  'content-type': 'ContentType',
  'x-amz-tagging': 'Tagging',
  'if-match': 'IfMatch',
  'if-none-match': 'IfNoneMatch',
};

/** Puts the user's own headers over what was found out about an object. */
export function withUploadHeaders(c: S3Connection, path: string, fields: MetadataFields): MetadataFields {
  const out = { ...fields, Metadata: { ...fields.Metadata } };
  for (const [name, value] of c.limits.uploadHeaders) {
    const key = name.toLowerCase();
    const field = uploadFields[key];
    if (field !== undefined && field !== 'Metadata') out[field] = value;
    else if (key.startsWith('x-amz-meta-')) out.Metadata[key.slice('x-amz-meta-'.length)] = value;
    else {
      const message = `Don't know how to set key ${JSON.stringify(name)} on upload`;
      c.emit({ type: 'log', level: 'error', subject: path, message });
    }
  }
  return out;
}
