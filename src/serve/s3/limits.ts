/** Bounds on what clients may ask for. */
export interface S3Limits {
  /** Of one PutObject or part. */
  readonly maxBodyBytes: number;
  /** Names and values of user metadata together. */
  readonly maxMetadataBytes: number;
  readonly maxKeyBytes: number;
  /** Unfinished uploads at a time. */
  readonly maxUploads: number;
  /** An upload that nobody touches so long is aborted; 0 = never. */
  readonly uploadExpiryMs: number;
  /** A long copy or completion is answered at once and kept alive with spaces in this step. */
  readonly heartbeatMs: number;
}

export const defaultS3Limits: S3Limits = {
  // The limits of S3 itself.
  maxBodyBytes: 5 * 1024 ** 3,
  maxMetadataBytes: 2048,
  maxKeyBytes: 1024,
  maxUploads: 1000,
  uploadExpiryMs: 24 * 3600 * 1000,
  heartbeatMs: 10_000,
};

export const xmlLimits = {
  createBucket: 64 * 1024,
  createUpload: 1024,
  // 1000 keys of 1024 bytes, escaped, and what stands around them.
  deleteObjects: 8 * 1024 ** 2,
  // 10 000 parts with every checksum.
  completeUpload: 8 * 1024 ** 2,
} as const;
