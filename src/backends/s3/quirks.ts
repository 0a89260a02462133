import type { Emit } from '../../core/events.ts';
import type { S3Options } from './options.ts';
import { providers } from './providers/quirks.ts';

/** What differs between services. Names are rclone's. Sizes in bytes. */
export interface Quirks {
  readonly force_path_style: boolean;
  readonly list_version: number;
  readonly list_url_encode: boolean;
  readonly use_multipart_etag: boolean;
  readonly use_accept_encoding_gzip: boolean;
  readonly use_data_integrity_protections: boolean;
  readonly might_gzip: boolean;
  readonly use_already_exists: boolean;
  readonly use_multipart_uploads: boolean;
  readonly use_unsigned_payload: boolean;
  readonly use_x_id: boolean;
  readonly sign_accept_encoding: boolean;
  readonly object_lock_supported: boolean;
  readonly list_versions_oldest_first: boolean;
  readonly etag_is_not_md5: boolean;
  readonly copy_cutoff: number;
  readonly max_upload_parts: number;
  readonly min_chunk_size: number;
}

export interface ProviderFeatures {
  /** Old versions of objects may be kept. */
  readonly versions: boolean;
  /** False = the service makes no buckets through S3: they are never created. */
  readonly createBucket: boolean;
  readonly serverSideCopy: boolean;
  readonly setModTime: boolean;
  readonly purge: boolean;
  readonly tiers: boolean;
  readonly doubleSlash: boolean;
  /** DeleteObjects is known to work with Content-MD5. Ours: rclone never sends it. */
  readonly bulkRemove: boolean;
}

export interface ProviderFacts {
  readonly quirks: Partial<Quirks>;
  readonly features: Partial<ProviderFeatures>;
  /** A part of an endpoint through which no buckets can be made. */
  readonly noBucketsAt?: string;
}

export interface EffectiveQuirks extends Quirks {
  /** Id of the provider whose facts apply; `Other` for an unknown one. */
  readonly provider: string;
  readonly features: ProviderFeatures;
  /** Part size for uploads in bytes, after the provider's minimum. */
  readonly chunkSize: number;
  /** A missing bucket is made by the first write, and by mkdir. */
  readonly createBucket: boolean;
  /** Uploads carry Content-MD5. */
  readonly contentMd5: boolean;
}

const MiB = 1024 * 1024;

export const generalDefaults: Quirks = {
  force_path_style: false,
  list_version: 2,
  list_url_encode: true,
  use_multipart_etag: true,
  use_accept_encoding_gzip: true,
  use_data_integrity_protections: false,
  might_gzip: true,
  use_already_exists: true,
  use_multipart_uploads: true,
  use_unsigned_payload: true,
  use_x_id: true,
  sign_accept_encoding: true,
  object_lock_supported: true,
  list_versions_oldest_first: false,
  etag_is_not_md5: false,
  // rclone prints this default as 4.656Gi, which would read back as something less.
  copy_cutoff: 4768 * MiB,
  max_upload_parts: 10_000,
  min_chunk_size: 5 * MiB,
};

const defaultCopyCutoff = 4768 * MiB;

const allFeatures: ProviderFeatures = {
  versions: true,
  createBucket: true,
  serverSideCopy: true,
  setModTime: true,
  purge: true,
  tiers: false,
  doubleSlash: false,
  bulkRemove: false,
};

/**
 * General defaults, then the provider's, then what the user set. An unknown provider is reported once and treated as
 * `Other`. `US3`, the name that rclone shows but does not find, gets its own quirks (rclone stores them as `us3`).
 */
export function resolveQuirks(o: S3Options, emit: Emit): EffectiveQuirks {
  const wanted = o.provider === 'us3' ? 'US3' : o.provider;
  const known = Object.hasOwn(providers, wanted);
  if (!known) {
    emit({
      type: 'log',
      level: 'notice',
      message: `s3 provider ${JSON.stringify(o.provider)} not known - please set correctly`,
    });
  }
  const provider = known ? wanted : 'Other';
  const facts = providers[provider] as ProviderFacts;
  const q: Quirks = { ...generalDefaults, ...facts.quirks };
  return {
    ...q,
    provider,
    features: { ...allFeatures, ...facts.features },
    // A provider without the quirk is always addressed by virtual host, even with force_path_style = true (measured).
    force_path_style: q.force_path_style && o.force_path_style && !o.use_accelerate_endpoint,
    list_version: o.list_version === 0 ? q.list_version : o.list_version,
    list_url_encode: o.list_url_encode ?? q.list_url_encode,
    use_multipart_etag: o.use_multipart_etag ?? q.use_multipart_etag,
    use_accept_encoding_gzip: o.use_accept_encoding_gzip ?? q.use_accept_encoding_gzip,
    use_already_exists: o.use_already_exists ?? q.use_already_exists,
    use_multipart_uploads: o.use_multipart_uploads ?? q.use_multipart_uploads,
    use_unsigned_payload: o.use_unsigned_payload ?? q.use_unsigned_payload,
    use_x_id: o.use_x_id ?? q.use_x_id,
    sign_accept_encoding: o.sign_accept_encoding ?? q.sign_accept_encoding,
    might_gzip: o.might_gzip ?? q.might_gzip,
    list_versions_oldest_first: o.list_versions_oldest_first ?? q.list_versions_oldest_first,
    use_data_integrity_protections: o.use_data_integrity_protections ?? q.use_data_integrity_protections,
    object_lock_supported: o.object_lock_supported ?? q.object_lock_supported,
    etag_is_not_md5: q.etag_is_not_md5 || etagIsCiphered(o) || o.directory_bucket,
    createBucket: mayCreateBuckets(facts, o),
    contentMd5: !o.directory_bucket,
    copy_cutoff: o.copy_cutoff === defaultCopyCutoff ? q.copy_cutoff : o.copy_cutoff,
    max_upload_parts: Math.min(o.max_upload_parts, q.max_upload_parts),
    chunkSize: Math.max(o.chunk_size, q.min_chunk_size),
  };
}

function mayCreateBuckets({ features, noBucketsAt }: ProviderFacts, o: S3Options): boolean {
  if (features.createBucket === false || o.no_check_bucket || o.directory_bucket) return false;
  return noBucketsAt === undefined || !o.endpoint.includes(noBucketsAt);
}

/** With these, the ETag is a digest of what the service encrypted. */
const etagIsCiphered = (o: S3Options): boolean =>
  o.server_side_encryption === 'aws:kms' || o.sse_customer_algorithm !== '';
