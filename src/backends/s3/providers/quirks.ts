import type { ProviderFacts } from '../quirks.ts';

/**
 * What each provider does differently from the general defaults, as rclone 1.76 knows it. `features` lists only what it
 * cannot do (or, for tiers, doubled slashes and removal in bulk, can). Data only: nothing else in the code asks for a provider's name.
 */
export const providers: Readonly<Record<string, ProviderFacts>> = {
  AWS: {
    quirks: { might_gzip: false, use_unsigned_payload: false, use_data_integrity_protections: true },
    features: { tiers: true, doubleSlash: true, bulkRemove: true },
  },
  Alibaba: { quirks: { use_multipart_etag: false }, features: { tiers: true } },
  ArvanCloud: {
    quirks: { list_version: 1, force_path_style: true, list_url_encode: false, use_already_exists: false },
    features: { tiers: true },
  },
  Autonomys: {
    quirks: { force_path_style: true, copy_cutoff: Number.POSITIVE_INFINITY, object_lock_supported: false },
    features: { purge: false, createBucket: false },
  },
  BizflyCloud: {
    quirks: { force_path_style: true, list_url_encode: false, use_multipart_etag: false, use_already_exists: false },
    features: {},
  },
  Cellar: { quirks: { object_lock_supported: false }, features: {} },
  Ceph: {
    quirks: {
      list_version: 1,
      force_path_style: true,
      list_url_encode: false,
      use_already_exists: false,
      sign_accept_encoding: false,
    },
    features: { bulkRemove: true },
  },
  ChinaMobile: {
    quirks: { list_version: 1, force_path_style: true, list_url_encode: false, use_already_exists: false },
    features: { tiers: true },
  },
  Cloudflare: {
    quirks: { force_path_style: true, use_multipart_etag: false },
    features: { bulkRemove: true, versions: false },
  },
  Cubbit: { quirks: { use_multipart_etag: false }, features: {} },
  DigitalOcean: { quirks: { list_url_encode: false, use_already_exists: false }, features: { bulkRemove: true } },
  Dreamhost: { quirks: { list_url_encode: false, use_already_exists: false }, features: {} },
  Exaba: { quirks: { force_path_style: true }, features: {} },
  Fastly: {
    quirks: {
      force_path_style: true,
      use_already_exists: false,
      use_multipart_etag: false,
      use_multipart_uploads: false,
      etag_is_not_md5: true,
    },
    features: { serverSideCopy: false },
  },
  FileLu: {
    quirks: { list_version: 2, force_path_style: true, list_url_encode: false, use_multipart_etag: false },
    features: {},
  },
  FlashBlade: { quirks: { might_gzip: false, force_path_style: true }, features: {} },
  GCS: {
    quirks: {
      use_accept_encoding_gzip: false,
      sign_accept_encoding: false,
      use_already_exists: true,
      use_x_id: false,
      copy_cutoff: Number.POSITIVE_INFINITY,
      object_lock_supported: false,
    },
    features: {},
  },
  HCP: {
    quirks: {
      force_path_style: true,
      list_url_encode: true,
      use_multipart_etag: false,
      list_versions_oldest_first: true,
    },
    features: {},
  },
  Hetzner: { quirks: { use_already_exists: false }, features: { bulkRemove: true } },
  HuaweiOBS: { quirks: { list_url_encode: false, list_version: 1, use_already_exists: false }, features: {} },
  IBMCOS: {
    quirks: {
      list_version: 1,
      force_path_style: true,
      list_url_encode: false,
      use_multipart_etag: false,
      use_already_exists: false,
    },
    features: {},
  },
  IDrive: { quirks: { force_path_style: true, use_already_exists: false }, features: {} },
  ImpossibleCloud: { quirks: {}, features: {} },
  Infomaniak: { quirks: { force_path_style: true, use_multipart_etag: false }, features: {} },
  Intercolo: { quirks: { use_unsigned_payload: false }, features: {} },
  IONOS: { quirks: { force_path_style: true, list_url_encode: false, use_already_exists: false }, features: {} },
  Leviia: { quirks: { use_already_exists: false }, features: {} },
  Liara: {
    quirks: { force_path_style: true, list_url_encode: false, use_multipart_etag: false, use_already_exists: false },
    features: { tiers: true },
  },
  Linode: { quirks: { sign_accept_encoding: false }, features: {} },
  LyveCloud: { quirks: { use_multipart_etag: false, use_already_exists: false }, features: {} },
  Magalu: {
    quirks: {
      list_version: 1,
      force_path_style: true,
      list_url_encode: false,
      use_multipart_etag: false,
      use_already_exists: false,
    },
    features: { tiers: true },
  },
  Mega: {
    quirks: {
      list_version: 2,
      force_path_style: true,
      list_url_encode: true,
      use_multipart_etag: false,
      use_already_exists: false,
      copy_cutoff: Number.POSITIVE_INFINITY,
    },
    features: {},
  },
  Minio: { quirks: { force_path_style: true }, features: { bulkRemove: true } },
  Neon: { quirks: { force_path_style: true, object_lock_supported: false }, features: {} },
  Netease: {
    quirks: { list_version: 1, list_url_encode: false, use_multipart_etag: false, use_already_exists: false },
    features: {},
  },
  Outscale: { quirks: { force_path_style: true }, features: {} },
  OVHcloud: { quirks: {}, features: { tiers: true } },
  Petabox: { quirks: { use_already_exists: false }, features: {} },
  Qiniu: {
    quirks: { use_multipart_etag: false, list_url_encode: false, force_path_style: true, use_already_exists: false },
    features: { tiers: true },
  },
  Rabata: { quirks: {}, features: { serverSideCopy: false, setModTime: false } },
  RackCorp: { quirks: { use_multipart_etag: false, use_already_exists: false }, features: {} },
  Rclone: {
    quirks: {
      force_path_style: true,
      use_multipart_etag: false,
      use_already_exists: false,
      copy_cutoff: Number.POSITIVE_INFINITY,
    },
    features: {},
  },
  RelAix: { quirks: {}, features: {} },
  Scaleway: { quirks: { max_upload_parts: 1000 }, features: { tiers: true, bulkRemove: true } },
  Scality: { quirks: { force_path_style: true }, features: {} },
  SeaweedFS: {
    quirks: {
      list_version: 1,
      force_path_style: true,
      list_url_encode: false,
      use_multipart_etag: false,
      use_already_exists: false,
    },
    features: { bulkRemove: true },
  },
  Selectel: { quirks: { list_url_encode: false }, features: {} },
  Servercore: { quirks: { list_url_encode: false }, features: {} },
  SpectraLogic: { quirks: { force_path_style: true }, features: {} },
  Storj: {
    quirks: { use_already_exists: false, copy_cutoff: Number.POSITIVE_INFINITY, min_chunk_size: 67108864 },
    features: {},
  },
  Synology: { quirks: { use_multipart_etag: false, use_already_exists: false }, features: {} },
  TencentCOS: {
    quirks: { list_version: 1, use_multipart_etag: false, use_already_exists: false },
    features: { tiers: true },
    noBucketsAt: 'cos.accelerate.myqcloud.com',
  },
  US3: {
    quirks: { list_version: 1, use_multipart_etag: false, use_already_exists: false, list_url_encode: true },
    features: { tiers: true },
  },
  Wasabi: { quirks: {}, features: { bulkRemove: true } },
  Zadara: { quirks: { force_path_style: true }, features: {} },
  Zata: {
    quirks: { use_multipart_etag: false, might_gzip: false, use_unsigned_payload: false, use_already_exists: false },
    features: {},
  },
  ZeroServices: { quirks: { force_path_style: true, list_url_encode: false, use_already_exists: false }, features: {} },
  Other: {
    quirks: {
      list_version: 1,
      force_path_style: true,
      list_url_encode: false,
      use_multipart_etag: false,
      use_already_exists: false,
    },
    features: {},
  },
};
