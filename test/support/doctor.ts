import { createMemoryBackend } from '../../src/backends/memory/backend.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { DiagnoseOptions, Diagnosis, Finding } from '../../src/core/diagnosis.ts';
import type { Platform } from '../../src/core/platform.ts';
import { diagnose } from '../../src/library/diagnose/diagnose.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { nodeRegistry } from '../../src/node/registry.ts';
import { serveHttp, type ServeOptions } from '../../src/node/serve-http.ts';
import { ConfigFile } from '../../src/config/file.ts';
import { faultResponse } from '../../src/serve/s3/faults.ts';
import { createS3Handler, S3Fault, type R2Token, type S3Request, type S3Response } from '../../src/serve/s3/index.ts';
import { callOf, type S3Call } from '../../src/serve/s3/protocol.ts';
import { createSession } from '../../src/session.ts';

export const bucket = 'my-backup-bucket';
/** Of the forms that R2 gives out. */
export const keys = { accessKeyId: '0123456789abcdef'.repeat(2), secretAccessKey: 'c0ffee00'.repeat(8) };

/** Answers in place of the server, throws a fault, or lets the request through. */
export type Front = (r: S3Request, call: S3Call) => S3Response | undefined | Promise<S3Response | undefined>;

export interface Ward {
  readonly url: string;
  readonly backend: Backend;
  /** Operations of the requests so far, those that the front answered too. */
  readonly operations: string[];
  /** What stands in front of the server. */
  front: Front | undefined;
  stop(): Promise<void>;
}

/** Our own server with R2's rules for one token, and something in front of it. */
export async function openWard(
  o: { token?: Partial<R2Token>; tls?: ServeOptions['tls']; platform?: Partial<Platform>; rules?: boolean } = {},
): Promise<Ward> {
  const platform = { ...nodePlatform({}), ...o.platform };
  const backend = createMemoryBackend('memory', platform);
  await backend.mkdir(bucket);
  const token = { ...keys, tier: 'object-rw' as const, buckets: [bucket], ...o.token };
  const handler = createS3Handler({
    backend,
    platform,
    ...(o.rules === false ? { keys: [keys] } : { r2Tokens: [token] }),
  });
  const ward = { backend, operations: [] as string[], front: undefined as Front | undefined };
  const answer = async (r: S3Request): Promise<S3Response> => {
    const call = callOf(r);
    ward.operations.push(call.operation);
    try {
      return (await ward.front?.(r, call)) ?? (await handler(r));
    } catch (e) {
      if (e instanceof S3Fault) return faultResponse(e, call, r.method === 'HEAD');
      throw e;
    }
  };
  const { url, close } = await serveHttp(answer, { host: '127.0.0.1', port: 0, ...(o.tls ? { tls: o.tls } : {}) });
  return Object.assign(ward, { url, stop: () => close(0) });
}

/** Refuses one operation as S3 does. */
export const refusing =
  (
    operation: string,
    status: number,
    code: string,
    message = code,
    o: ConstructorParameters<typeof S3Fault>[3] = {},
  ): Front =>
  (_r, call) => {
    if (operation === '*' || call.operation === operation) throw new S3Fault(status, code, message, o);
    return undefined;
  };

/** A diagnosis of `r2:my-backup-bucket` with the healthy options changed; an empty text leaves the option out. */
export async function examine(
  endpoint: string,
  changes: Readonly<Record<string, string>> = {},
  o: DiagnoseOptions & { path?: string; platform?: Partial<Platform> } = {},
): Promise<Diagnosis> {
  const options = {
    type: 's3',
    provider: 'Cloudflare',
    access_key_id: keys.accessKeyId,
    secret_access_key: keys.secretAccessKey,
    endpoint,
    no_check_bucket: 'true',
    ...changes,
  };
  const config = new ConfigFile();
  for (const [key, value] of Object.entries(options)) if (value !== '') config.set('r2', key, value);
  const platform = { ...nodePlatform({}), sleep: nodePlatform({}).sleep, ...o.platform };
  const session = createSession({ platform, registry: nodeRegistry, config });
  return diagnose(session, `r2:${o.path ?? bucket}`, o);
}

/** Fault, check, line, and whether it was tried: all that was found. */
export function summary({ remotes }: Diagnosis): string[] {
  return remotes.flatMap((r) => r.findings).map(lineOf);
}

function lineOf({ fault, check, mend, proved, severity }: Finding): string {
  const to =
    mend?.exchange !== undefined ? ` <-> ${mend.exchange}` : mend?.remove ? ' removed' : ` = ${mend?.value ?? '…'}`;
  const line = mend ? ` -> ${mend.option}${to}` : '';
  return `${severity === 'warning' ? 'warning ' : ''}${check}: ${fault}${line}${proved ? ' (proved)' : ''}`;
}
