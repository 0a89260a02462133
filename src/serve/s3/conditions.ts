import { S3Fault, notImplemented, type S3Request } from './protocol.ts';

/** What conditions are about. */
export interface Conditioned {
  readonly etag: string;
  readonly lastModified: Date;
}

/** Of a GET or HEAD; true = not modified. @throws S3Fault PreconditionFailed */
export function isNotModified(r: S3Request, stored: Conditioned): boolean {
  const { headers } = r;
  const match = headers['if-match'];
  if (match !== undefined ? !matches(match, stored) : isAfter(stored, headers['if-unmodified-since']) === true)
    throw failed(match !== undefined ? 'If-Match' : 'If-Unmodified-Since');
  const none = headers['if-none-match'];
  return none !== undefined ? matches(none, stored) : isAfter(stored, headers['if-modified-since']) === false;
}

/** May a range be given, or is it one of another object? */
export function rangeHolds(r: S3Request, stored: Conditioned): boolean {
  const text = r.headers['if-range'];
  if (text === undefined) return true;
  return /^(W\/)?"/.test(text) ? matches(text, stored) : isAfter(stored, text) === false;
}

/**
 * Of a write or removal; `there` = what is under the name now.
 * @throws S3Fault PreconditionFailed, NoSuchKey, NotImplemented
 */
export function checkWrite(r: S3Request, there: Conditioned | undefined): void {
  const { 'if-match': match, 'if-none-match': none } = r.headers;
  if (none !== undefined && none.trim() !== '*')
    throw notImplemented('If-None-Match of a write with another value than * is not implemented');
  if (none !== undefined && there) throw failed('If-None-Match');
  if (match === undefined) return;
  if (!there) throw new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.');
  if (!matches(match, there)) throw failed('If-Match');
}

export const isConditionalWrite = (r: S3Request): boolean =>
  r.headers['if-match'] !== undefined || r.headers['if-none-match'] !== undefined;

/** Of the source of a copy. @throws S3Fault PreconditionFailed */
export function checkCopySource(r: S3Request, source: Conditioned): void {
  const header = (name: string): string | undefined => r.headers[`x-amz-copy-source-if-${name}`];
  const match = header('match');
  if (match !== undefined ? !matches(match, source) : isAfter(source, header('unmodified-since')) === true)
    throw failed(`x-amz-copy-source-If-${match !== undefined ? 'Match' : 'Unmodified-Since'}`);
  const none = header('none-match');
  if (none !== undefined ? matches(none, source) : isAfter(source, header('modified-since')) === false)
    throw failed(`x-amz-copy-source-If-${none !== undefined ? 'None-Match' : 'Modified-Since'}`);
}

function matches(list: string, { etag }: Conditioned): boolean {
  return list
    .split(',')
    .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '').replaceAll('"', '') === etag);
}

/** Was it modified after this date? undefined = no date. */
function isAfter({ lastModified }: Conditioned, date: string | undefined): boolean | undefined {
  const ms = Date.parse(date ?? '');
  // Dates in headers have no fractions.
  return Number.isNaN(ms) ? undefined : Math.floor(lastModified.getTime() / 1000) * 1000 > ms;
}

function failed(condition: string): S3Fault {
  return new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details: { Condition: condition },
  });
}
