import { nameEncoder, parseEncoding } from '../../core/encoding.ts';

/*
 * Keys of S3 are any text; paths of backends are names as rclone shows them, without empty segments. Every key has one
 * path and every path one key.
 */

/** A slash cannot stand within a segment of either, so its substitute stays what it is. */
const encoder = nameEncoder(parseEncoding('Ctl,Del,Dot'));

/** Stands for the empty segment of `a//b` or `a/`: the symbol of NUL, which no key may contain. */
const emptySegment = '␀';

/** Parts of unfinished uploads lie in this folder of their bucket, where no listing shows them. */
export const uploadsFolder = '.tsclone-uploads';

export function pathOfKey(bucket: string, key: string): string {
  return key === ''
    ? encoder.encode(bucket)
    : `${encoder.encode(bucket)}/${key.split('/').map(segmentOfKey).join('/')}`;
}

/** The key below a bucket of a path that begins with it. */
export function keyOfPath(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0
    ? ''
    : path
        .slice(slash + 1)
        .split('/')
        .map(keyOfSegment)
        .join('/');
}

export const bucketOfPath = (path: string): string => keyOfSegment(path);

export const isInUploads = (key: string): boolean => key === uploadsFolder || key.startsWith(`${uploadsFolder}/`);

const segmentOfKey = (name: string): string => (name === '' ? emptySegment : encoder.encode(name));

function keyOfSegment(segment: string): string {
  if (segment === emptySegment) return '';
  // A file name that is not UTF-8 cannot be a key; it is shown so that nobody takes it for absent.
  return encoder.decode(segment).replace(/\p{Surrogate}/gu, '\ufffd');
}
