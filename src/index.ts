/** The library for every runtime: no file system, no process, no Node built-ins. `tsclone/node` adds those. */
export { openSession } from './library/open-session.ts';
export type {
  ConfigObject,
  OpenSessionOptions,
  TransferOptions,
  TransferSummary,
  TscloneSession,
} from './library/open-session.ts';
export type {
  HandleCallOptions,
  HandleListOptions,
  HandleReadOptions,
  HandleWriteOptions,
  ReadResult,
  RemoteHandle,
} from './library/remote-handle.ts';
export type { FilterOptions } from './operations/filter/filter.ts';
export type { MetadataMapper } from './operations/metadata.ts';
export type { OperationSettings } from './operations/settings.ts';
export type { BodyInput } from './library/sources.ts';
export { s3Client } from './library/s3-client.ts';
export type { S3Access } from './library/s3-client.ts';
export { presigner } from './library/presign.ts';
export type {
  Presigner,
  SentPart,
  SignedPart,
  SignedRequest,
  SignedUpload,
  SignGetOptions,
  SignOptions,
  SignPartOptions,
  SignPutOptions,
  SignUploadOptions,
} from './library/presign.ts';
export { uploadWithClient } from './library/upload-with-client.ts';
export type { UploadWithClientOptions } from './library/upload-with-client.ts';
export { hasCode, isTscloneError, TscloneError } from './core/errors.ts';
export type { ErrorCode } from './core/errors.ts';
export type {
  Check,
  CheckName,
  CheckStatus,
  DiagnoseOptions,
  Diagnosis,
  Finding,
  Mend,
  RemoteReport,
} from './core/diagnosis.ts';
export type { ValueSource } from './core/remote.ts';
export type { FaultName } from './core/faults.ts';
export type { Emit, Event, LogLevel } from './core/events.ts';
export type { ByteRange, DirInfo, Entry, Hashes, HashType, Nanos, ObjectInfo, Want } from './core/entry.ts';
export type {
  Backend,
  ByteSource,
  CallOptions,
  Features,
  ListOptions,
  ReadOptions,
  StatOptions,
  TransportLimits,
  WriteOptions,
} from './core/backend.ts';
export { version } from './core/version.ts';
