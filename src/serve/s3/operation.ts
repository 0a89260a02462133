import type { S3Limits } from './limits.ts';
import type { S3Call, S3Request, S3Response } from './protocol.ts';
import type { Verified } from './signature.ts';
import type { ObjectStore } from './store.ts';

/** What an operation gets: the request, read and verified. */
export interface OperationArgs {
  readonly store: ObjectStore;
  readonly request: S3Request;
  readonly call: S3Call;
  readonly verified: Verified;
  readonly limits: S3Limits;
  /** Under Cloudflare R2's rules. */
  readonly r2: boolean;
}

export type Operation = (a: OperationArgs) => Promise<S3Response>;

export const xmlHeaders = { 'content-type': 'application/xml' } as const;

/** The owner of everything. */
export const owner = { ID: 'tsclone', DisplayName: 'tsclone' } as const;
