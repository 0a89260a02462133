/** The S3 protocol over any backend, for Node (`tsclone serve s3`) and for runtimes that answer a Request. */
export { createS3Handler } from './handler.ts';
export type { RequestRecord, S3Handler, S3HandlerOptions, S3Key } from './handler.ts';
export { S3Fault } from './protocol.ts';
export type { S3Request, S3Response } from './protocol.ts';
export { r2Tiers } from './r2-rules.ts';
export type { R2Tier, R2Token } from './r2-rules.ts';
