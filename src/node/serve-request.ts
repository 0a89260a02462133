import type { IncomingMessage } from 'node:http';
import { S3Fault, type S3Request } from '../serve/s3/index.ts';
import type { HttpLimits } from './serve-http.ts';

export interface Incoming {
  readonly request: S3Request;
  /** Does the client send its body, or does it still wait for a word? */
  isExpected(): boolean;
}

/** `goOn` is called before the body is read, if it is. */
export function requestOf(req: IncomingMessage, goOn: (() => void) | undefined, limits: HttpLimits): Incoming {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(req.headers))
    if (value !== undefined) headers[name] = asUtf8(Array.isArray(value) ? value.join(',') : value);
  let expected = goOn === undefined;
  const body = bodyOf(req, limits, () => {
    if (!expected) goOn?.();
    expected = true;
  });
  return {
    isExpected: () => expected,
    request: {
      method: req.method ?? 'GET',
      path: pathOf(mark < 0 ? url : url.slice(0, mark)),
      query: mark < 0 ? '' : url.slice(mark + 1),
      headers,
      body,
    },
  };
}

/** A proxy's form of the request line names the host too. */
const pathOf = (path: string): string => (path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]*/i, '') || '/');

/** Node gives bytes of headers as characters; clients mean UTF-8, and sign it. */
function asUtf8(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}

/**
 * The body of a request, bounded in time. A reader that stops early leaves the connection alive: the answer has to go
 * out on it.
 */
async function* bodyOf(
  req: IncomingMessage,
  limits: HttpLimits,
  onStart: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  onStart();
  const chunks = req.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const clock = patience(limits.idleTimeoutMs, limits.readTimeoutMs);
  try {
    for (;;) {
      const next = await clock.wait(chunks.next());
      if (next.done) break;
      yield next.value;
    }
  } finally {
    clock.stop();
  }
  // The stream of a client that went away may end like one that has sent all.
  if (!req.complete) throw new S3Fault(400, 'IncompleteBody', 'The request body ended early.');
}

/** Limits the time for one step and for all of them; only time in which a client was waited for counts as idle. */
function patience(idleMs: number, totalMs: number) {
  let fail: (e: S3Fault) => void = () => {};
  let waiting = false;
  const late = (): void =>
    fail(
      new S3Fault(
        400,
        'RequestTimeout',
        'Your socket connection to the server was not read from or written to within the timeout period.',
      ),
    );
  const idle = setTimeout(() => {
    if (waiting) late();
    else idle.refresh();
  }, idleMs);
  let isOver = false;
  const total = setTimeout(() => {
    isOver = true;
    late();
  }, totalMs);
  return {
    async wait<T>(step: Promise<T>): Promise<T> {
      waiting = true;
      idle.refresh();
      try {
        return await new Promise<T>((resolve, reject) => {
          fail = reject;
          if (isOver) late();
          step.then(resolve, reject);
        });
      } finally {
        waiting = false;
      }
    },
    stop() {
      clearTimeout(idle);
      clearTimeout(total);
    },
  };
}

/** What an answered request still sends is taken and thrown away, up to a size and a time. */
const maxUnread = 64 * 1024 * 1024;
const unreadMs = 5000;

export function unread(req: IncomingMessage, limits: HttpLimits): Promise<void> {
  if (req.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let left = maxUnread;
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, Math.min(unreadMs, limits.idleTimeoutMs));
    req.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) done();
    });
    req.once('end', done).once('close', done).once('error', done);
    req.resume();
  });
}
