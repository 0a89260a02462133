import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { nodePlatform } from '../../src/node/platform.ts';
import { faultResponse } from '../../src/serve/s3/faults.ts';
import { callOf, S3Fault, type S3Call, type S3Request } from '../../src/serve/s3/protocol.ts';
import { checkPartSizes, checkR2, checkRegion, type R2Options, type R2Token } from '../../src/serve/s3/r2-rules.ts';
import { encodeStrict, hmacHex, signingKey, verifySignature } from '../../src/serve/s3/signature.ts';
import { parseXml, childText } from '../../src/serve/s3/xml.ts';
import type { S3Server } from './servers.ts';

export interface GateRecord {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
}

export interface Gate {
  readonly url: string;
  /** Every request so far, in order of arrival. */
  readonly log: GateRecord[];
  /** Takes the log and empties it. */
  take(): GateRecord[];
  close(): Promise<void>;
}

export interface GateOptions {
  /** Tokens that R2's rules hold for. Without any, the upstream's own keys go through and nothing is refused. */
  readonly tokens?: readonly R2Token[];
  readonly r2?: R2Options;
}

/**
 * Stands in front of a real S3 server: checks the client's signature, applies R2's rules for its token, signs anew and
 * passes the request on. Keeps a log.
 */
export async function startGate(upstream: S3Server, o: GateOptions = {}): Promise<Gate> {
  const log: GateRecord[] = [];
  const tokens = new Map((o.tokens ?? []).map((t) => [t.accessKeyId, t]));
  const partSizes = new Map<string, Map<number, number>>();
  const platform = nodePlatform({});

  const server = createServer((req, res) => {
    void answer(req, res).then((operation) => {
      const { path, query, headers } = requestOf(req);
      const status = res.statusCode;
      log.push({ operation, method: req.method ?? '', path, query, headers, status });
    });
  });
  // R2 never answers 100 Continue; a client that waits for it is late.
  server.on('checkContinue', (req, res) => server.emit('request', req, res));

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<string> {
    const r = requestOf(req);
    let call: S3Call = { operation: r.method, bucket: '', key: '', query: new Map() };
    try {
      call = callOf(r);
      let body: Buffer | undefined;
      if (tokens.size > 0) {
        if (r.headers['authorization'] === undefined && !call.query.has('X-Amz-Signature'))
          throw new S3Fault(400, 'InvalidArgument', 'Authorization');
        const secret = (id: string): string | undefined => tokens.get(id)?.secretAccessKey;
        const verified = unauthorised(() =>
          verifySignature(r, call.query, secret, Number(platform.now() / 1_000_000n)),
        );
        checkRegion(verified.region);
        checkR2(r, call, tokens.get(verified.accessKeyId) as R2Token, o.r2);
        body = await watchParts(req, r, call);
      }
      await forward(req, res, r, body);
    } catch (e) {
      if (!(e instanceof S3Fault)) {
        res.destroy();
        return call.operation;
      }
      req.resume();
      const fault = faultResponse(e, call, r.method === 'HEAD');
      res.writeHead(fault.status, { server: 'cloudflare', 'cf-ray': 'test', connection: 'close', ...fault.headers });
      res.end(fault.body as string | undefined);
    }
    return call.operation;
  }

  /** Remembers part sizes and checks them when the upload is completed. */
  async function watchParts(req: IncomingMessage, r: S3Request, call: S3Call): Promise<Buffer | undefined> {
    const id = call.query.get('uploadId') ?? '';
    if (call.operation === 'UploadPart') {
      const sizes = partSizes.get(id) ?? new Map<number, number>();
      sizes.set(Number(call.query.get('partNumber')), Number(r.headers['content-length']));
      partSizes.set(id, sizes);
    }
    if (call.operation !== 'CompleteMultipartUpload') return undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const numbers = parseXml(body.toString())
      .children.filter((c) => c.name === 'Part')
      .map((c) => Number(childText(c, 'PartNumber')));
    checkPartSizes(numbers.map((n) => partSizes.get(id)?.get(n) ?? 0));
    return body;
  }

  function forward(req: IncomingMessage, res: ServerResponse, r: S3Request, body: Buffer | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const signed = tokens.size > 0 ? resign(r, upstream) : { query: r.query, headers: { ...r.headers } };
      const path = r.path + (signed.query === '' ? '' : `?${signed.query}`);
      const onward = request(`${upstream.endpoint}`, { method: r.method, path, headers: signed.headers }, (back) => {
        res.writeHead(back.statusCode ?? 500, back.headers);
        back.pipe(res);
        back.on('end', resolve);
        back.on('error', reject);
      });
      onward.on('error', reject);
      if (body) onward.end(body);
      else req.pipe(onward);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    take: () => log.splice(0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** R2 answers 401 to a key that it does not know. */
function unauthorised<T>(work: () => T): T {
  try {
    return work();
  } catch (e) {
    if (e instanceof S3Fault && e.code === 'InvalidAccessKeyId') throw new S3Fault(401, 'Unauthorized', 'Unauthorized');
    throw e;
  }
}

function requestOf(req: IncomingMessage): S3Request {
  const [path = '/', query = ''] = (req.url ?? '/').split(/\?(.*)/s);
  const headers = Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]),
  );
  return { method: req.method ?? 'GET', path, query, headers, body: undefined };
}

/** Signs for the upstream with its root key and an unsigned payload. */
function resign(r: S3Request, upstream: S3Server): { query: string; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(r.headers)) {
    if (!/^(authorization|x-amz-date|x-amz-content-sha256|x-amz-security-token|connection|expect)$/.test(name))
      headers[name] = value;
  }
  headers['host'] = new URL(upstream.endpoint).host;
  headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  headers['x-amz-date'] = date;
  const query = r.query
    .split('&')
    .filter((part) => part !== '' && !/^X-Amz-/i.test(part))
    .map((part) =>
      part
        .split(/=(.*)/s)
        .slice(0, 2)
        .map((t) => encodeStrict(decodeURIComponent(t))),
    )
    .map(([name = '', value = '']) => `${name}=${value}`)
    .sort()
    .join('&');
  const names = Object.keys(headers)
    .filter((n) => n === 'host' || n === 'content-md5' || n === 'content-type' || n.startsWith('x-amz-'))
    .sort();
  const canonical = [
    r.method,
    r.path,
    query,
    names.map((n) => `${n}:${(headers[n] ?? '').trim().replace(/ +/g, ' ')}\n`).join(''),
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const day = date.slice(0, 8);
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const hash = nodePlatform({}).createHash('sha256');
  hash.update(new TextEncoder().encode(canonical));
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${Buffer.from(hash.digest()).toString('hex')}`;
  const signature = hmacHex(signingKey(upstream.secretAccessKey, day, 'us-east-1'), toSign);
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${upstream.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { query, headers };
}
