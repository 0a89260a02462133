import { TscloneError } from '../../core/errors.ts';
import { fromStandardPath, toStandardPath } from '../../core/encoding.ts';
import { joinPath } from '../../core/path.ts';
import type { S3Connection } from './client.ts';

/** Where an object lies on the service: names as they go over the wire. */
export interface Place {
  readonly bucket: string;
  readonly key: string;
  /** An old version; absent = the current object. */
  readonly versionId?: string | undefined;
}

/** Bucket and key of `path` below `root`. The key of a bucket itself is ''. */
export function placeOf(c: S3Connection, root: string, path: string): Place {
  const whole = joinPath(root, path);
  const slash = whole.indexOf('/');
  const bucket = slash < 0 ? whole : whole.slice(0, slash);
  const key = slash < 0 ? '' : whole.slice(slash + 1);
  const mask = c.options.encoding;
  return { bucket: fromStandardPath(mask, bucket), key: fromStandardPath(mask, key) };
}

/** As `placeOf`, for calls that need an object's name. */
export function objectPlace(c: S3Connection, root: string, path: string): Place {
  const place = placeOf(c, root, path);
  if (place.bucket === '' || place.key === '') {
    throw new TscloneError(
      'bad_path',
      `"${c.remote}:${joinPath(root, path)}" is a directory: a bucket and a name are needed`,
      {
        path,
        remote: c.remote,
        retry: 'no',
      },
    );
  }
  if (c.platform.kind === 'edge' && wouldMove(`/${place.bucket}/${place.key}`)) {
    throw new TscloneError(
      'bad_path',
      `${path}: this runtime's fetch rewrites "." and ".." in URLs, the request would go to another object. Use the Node build, or a name without such segments`,
      { path, remote: c.remote, retry: 'no' },
    );
  }
  return place;
}

/** WHATWG URLs resolve `.` and `..` segments, written plainly or as `%2e`. */
function wouldMove(path: string): boolean {
  return path.split('/').some((s) => /^(\.|%2e){1,2}$/i.test(s));
}

/** A key's part below the listed prefix as rclone shows it. */
export function standardName(c: S3Connection, name: string): string {
  return toStandardPath(c.options.encoding, name);
}

/** Names with a segment `.` or `..`, which stands in paths for another name, unless the encoding lets them through. */
export function unreachable(c: S3Connection, name: string): { unreachable?: string } {
  if (!oddSegment.test(name)) return {};
  const mask = c.options.encoding;
  const isOdd = (s: string): boolean => fromStandardPath(mask, toStandardPath(mask, s)) !== s;
  return name.split('/').some(isOdd) ? { unreachable: name } : {};
}

const oddSegment = /(?:^|\/)\.{1,2}(?:\/|$)/;

/** `bucket/key` for x-amz-copy-source: percent-encoded, slashes kept, `+` as %2B. */
export function copySource({ bucket, key, versionId }: Place): string {
  const strict = (s: string): string =>
    encodeURIComponent(s).replace(/[!'()*]/g, (ch) => `%${ch.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = `${bucket}/${key}`.split('/').map(strict).join('/');
  return versionId === undefined ? path : `${path}?versionId=${strict(versionId)}`;
}

/** The version as a field of a command. */
export function version({ versionId }: Place): { VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId };
}
