import { S3Fault } from './protocol.ts';
import type { StoredObject } from './store.ts';

/** `end` is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Of a `Range` header; what is none, or more than one, means the whole object. @throws S3Fault InvalidRange */
export function rangeOf(text: string | undefined, size: number): Range | undefined {
  const m = /^bytes=(\d*)-(\d*)$/i.exec((text ?? '').replaceAll(' ', ''));
  if (!m || (m[1] === '' && m[2] === '')) return undefined;
  if (m[1] === '') {
    const last = Math.min(Number(m[2]), size);
    if (last === 0) throw notSatisfiable(text ?? '', size);
    return { start: size - last, end: size };
  }
  const start = Number(m[1]);
  const end = m[2] === '' ? size : Math.min(Number(m[2]) + 1, size);
  if (m[2] !== '' && Number(m[2]) < start) return undefined;
  if (start >= size) throw notSatisfiable(text ?? '', size);
  return { start, end };
}

/** The bytes of one part of an object that was uploaded in parts. @throws S3Fault InvalidPartNumber */
export function partOf(number: number, { size, parts, etag }: StoredObject): Range | undefined {
  // How it was divided is remembered only for a while; the suffix of its ETag tells that it was.
  if (!parts && /-([2-9]|\d\d+)$/.test(etag))
    throw new S3Fault(501, 'NotImplemented', 'The parts that this object was uploaded in are not known any more');
  const sizes = parts ?? [size];
  if (number < 1 || number > sizes.length)
    throw new S3Fault(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      details: { ActualPartCount: sizes.length, PartNumberRequested: number },
    });
  const start = sizes.slice(0, number - 1).reduce((sum, n) => sum + n, 0);
  const end = start + (sizes[number - 1] as number);
  return end === start ? undefined : { start, end };
}

/** Of an `x-amz-copy-source-range` header, which must lie within the source. @throws S3Fault InvalidArgument, InvalidRange */
export function copyRangeOf(text: string | undefined, size: number): Range | undefined {
  if (text === undefined) return undefined;
  const m = /^bytes=(\d+)-(\d+)$/.exec(text);
  if (!m || Number(m[2]) < Number(m[1]))
    throw new S3Fault(
      400,
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    );
  const end = Number(m[2]) + 1;
  if (end > size)
    throw new S3Fault(400, 'InvalidArgument', `Range specified is not valid for source object of size: ${size}`);
  return { start: Number(m[1]), end };
}

function notSatisfiable(text: string, size: number): S3Fault {
  return new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable', {
    details: { RangeRequested: text, ActualObjectSize: size },
    headers: { 'content-range': `bytes */${size}` },
  });
}
