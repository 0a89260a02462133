/**
 * Flags of rclone's backends that tsclone does not have, as rclone 1.75 names them: accepted as rclone accepts them, because they
 * speak of remotes that a command line may not even use. Without their prefix; `switches` take no value.
 */
export const foreignFlags: Readonly<Record<string, { readonly switches: string; readonly values: string }>> = {
  archive: { switches: '', values: 'remote description' },
  azureblob: {
    switches:
      'env-auth client-send-certificate-chain disable-instance-discovery use-msi use-emulator use-az use-copy-blob use-arrow-list archive-tier-delete disable-checksum memory-pool-use-mmap directory-markers no-check-container no-head-object decompress',
    values:
      'account key sas-url connection-string tenant client-id client-secret client-certificate-path client-certificate-password username password service-principal-file msi-object-id msi-client-id msi-mi-res-id endpoint upload-cutoff chunk-size upload-concurrency copy-cutoff copy-concurrency copy-total-concurrency list-chunk list-parallelism access-tier memory-pool-flush-time encoding public-access delete-snapshots description',
  },
  azurefiles: {
    switches: 'env-auth client-send-certificate-chain disable-instance-discovery use-msi use-emulator use-az',
    values:
      'account key sas-url connection-string tenant client-id client-secret client-certificate-path client-certificate-password username password service-principal-file msi-object-id msi-client-id msi-mi-res-id endpoint share-name chunk-size upload-concurrency max-stream-size encoding description',
  },
  b2: {
    switches: 'versions hard-delete disable-checksum memory-pool-use-mmap',
    values:
      'account key endpoint test-mode version-at upload-cutoff copy-cutoff chunk-size upload-concurrency download-url download-auth-duration memory-pool-flush-time lifecycle encoding sse-customer-algorithm sse-customer-key sse-customer-key-base64 sse-customer-key-md5 description',
  },
  box: {
    switches: 'client-credentials',
    values:
      'client-id client-secret token auth-url token-url root-folder-id box-config-file config-credentials access-token box-sub-type upload-cutoff commit-retries list-chunk owned-by impersonate encoding description',
  },
  cache: {
    switches: 'db-purge chunk-no-memory writes',
    values:
      'remote plex-url plex-username plex-password plex-token plex-insecure chunk-size info-age chunk-total-size db-path chunk-path chunk-clean-interval read-retries workers rps tmp-upload-path tmp-wait-time db-wait-time description',
  },
  cloudinary: {
    switches: 'adjust-media-files-extensions',
    values:
      'cloud-name api-key api-secret upload-prefix upload-preset encoding eventually-consistent-delay media-extensions description',
  },
  combine: { switches: '', values: 'upstreams description' },
  compress: { switches: '', values: 'remote mode level ram-cache-limit description' },
  crypt: {
    switches:
      'directory-name-encryption server-side-across-configs show-mapping no-data-encryption pass-bad-blocks strict-names',
    values: 'remote filename-encryption password password2 filename-encoding suffix description',
  },
  doi: { switches: '', values: 'doi provider doi-resolver-api-url description' },
  drime: {
    switches: 'hard-delete',
    values:
      'access-token root-folder-id workspace-id list-chunk upload-cutoff chunk-size upload-concurrency encoding description',
  },
  drive: {
    switches:
      'client-credentials auth-owner-only use-trash copy-shortcut-content skip-gdocs show-all-gdocs skip-checksum-gphotos shared-with-me trashed-only starred-only allow-import-name-change use-created-date use-shared-date alternate-export acknowledge-abuse keep-revision-forever size-as-quota server-side-across-configs disable-http2 stop-on-upload-limit stop-on-download-limit skip-shortcuts skip-dangling-shortcuts fast-list-bug-fix metadata-enforce-expansive-access env-auth',
    values:
      'client-id client-secret token auth-url token-url scope root-folder-id service-account-file service-account-credentials team-drive formats export-formats import-formats list-chunk impersonate upload-cutoff chunk-size v2-download-min-size pacer-min-sleep pacer-burst resource-key metadata-owner metadata-permissions metadata-labels encoding description',
  },
  dropbox: {
    switches:
      'client-credentials shared-files shared-folders skip-shared-folders skip-unowned-folders skip-exports show-all-exports',
    values:
      'client-id client-secret token auth-url token-url chunk-size impersonate impersonate-admin pacer-min-sleep encoding root-namespace export-formats batch-mode batch-size batch-timeout batch-commit-timeout description',
  },
  fichier: { switches: 'cdn', values: 'api-key shared-folder file-password folder-password encoding description' },
  filefabric: {
    switches: '',
    values: 'url root-folder-id permanent-token token token-expiry version encoding description',
  },
  filelu: { switches: '', values: 'key upload-cutoff chunk-size encoding description' },
  filen: {
    switches: '',
    values:
      'email password api-key upload-concurrency encoding master-keys private-key public-key auth-version base-folder-uuid description',
  },
  filescom: { switches: '', values: 'site username password api-key encoding description' },
  ftp: {
    switches:
      'tls explicit-tls no-check-certificate disable-epsv disable-mlsd disable-utf8 writing-mdtm force-list-hidden disable-tls13 allow-insecure-tls-ciphers ask-password no-check-upload',
    values:
      'host user port pass concurrency idle-timeout close-timeout tls-cache-size shut-timeout socks-proxy http-proxy encoding description',
  },
  gcs: {
    switches: 'client-credentials anonymous bucket-policy-only directory-markers no-check-bucket decompress env-auth',
    values:
      'client-id client-secret token auth-url token-url project-number user-project service-account-file service-account-credentials access-token object-acl bucket-acl location storage-class endpoint encoding description',
  },
  gofile: { switches: '', values: 'access-token root-folder-id account-id list-chunk encoding description' },
  gphotos: {
    switches: 'client-credentials read-only read-size include-archived',
    values:
      'client-id client-secret token auth-url token-url start-year proxy encoding batch-mode batch-size batch-timeout batch-commit-timeout description',
  },
  hdfs: {
    switches: '',
    values: 'namenode username service-principal-name data-transfer-protection encoding description',
  },
  hidrive: {
    switches: 'client-credentials disable-fetching-member-count',
    values:
      'client-id client-secret token auth-url token-url scope-access scope-role root-prefix endpoint chunk-size upload-cutoff upload-concurrency encoding description',
  },
  http: { switches: 'no-slash no-head no-escape', values: 'url headers description' },
  huaweidrive: {
    switches: 'client-credentials',
    values:
      'client-id client-secret token auth-url token-url root-folder-id chunk-size list-chunk upload-cutoff encoding description',
  },
  iclouddrive: { switches: '', values: 'service apple-id password trust-token cookies client-id encoding description' },
  imagekit: {
    switches: 'only-signed versions',
    values: 'endpoint public-key private-key upload-tags encoding description',
  },
  internetarchive: {
    switches: 'item-derive disable-checksum',
    values: 'access-key-id secret-access-key endpoint front-endpoint item-metadata wait-archive encoding description',
  },
  internxt: {
    switches: 'skip-hash-validation',
    values: 'email pass mnemonic upload-concurrency upload-cutoff chunk-size encoding description',
  },
  jottacloud: {
    switches: 'client-credentials trashed-only hard-delete no-versions',
    values:
      'client-id client-secret token auth-url token-url md5-memory-limit upload-resume-limit encoding description',
  },
  koofr: {
    switches: 'setmtime',
    values: 'provider endpoint mountid user password password password encoding description',
  },
  linkbox: { switches: '', values: 'token email password web-token description' },
  mailru: {
    switches: 'client-credentials speedup-enable check-hash',
    values:
      'client-id client-secret token auth-url token-url user pass speedup-file-patterns speedup-max-disk speedup-max-memory user-agent quirks encoding description',
  },
  mega: { switches: 'debug hard-delete use-https', values: 'user pass 2fa session-id master-key encoding description' },
  netstorage: { switches: '', values: 'protocol host account secret description' },
  onedrive: {
    switches:
      'client-credentials disable-site-permission expose-onenote-files server-side-across-configs no-versions hard-delete av-override delta',
    values:
      'client-id client-secret token auth-url token-url region upload-cutoff tenant-url chunk-size drive-id drive-type root-folder-id access-scopes tenant list-chunk link-scope link-type link-password hash-type metadata-permissions encoding description',
  },
  oos: {
    switches: 'disable-checksum leave-parts-on-error attempt-resume-upload no-check-bucket decompress',
    values:
      'provider namespace compartment region endpoint config-file config-profile storage-tier upload-cutoff chunk-size max-upload-parts upload-concurrency copy-cutoff copy-timeout encoding sse-customer-key-file sse-customer-key sse-customer-key-sha256 sse-kms-key-id sse-customer-algorithm description',
  },
  opendrive: { switches: '', values: 'username password encoding chunk-size access description' },
  pcloud: {
    switches: 'client-credentials',
    values:
      'client-id client-secret token auth-url token-url encoding root-folder-id hostname username password description',
  },
  pikpak: {
    switches: 'use-trash trashed-only no-media-link',
    values:
      'user pass device-id user-agent root-folder-id hash-memory-limit upload-cutoff chunk-size upload-concurrency encoding description',
  },
  pixeldrain: { switches: '', values: 'api-key root-folder-id api-url description' },
  premiumizeme: {
    switches: 'client-credentials',
    values: 'client-id client-secret token auth-url token-url api-key encoding description',
  },
  protondrive: {
    switches: 'original-file-size replace-existing-draft enable-caching',
    values:
      'username password mailbox-password 2fa otp-secret-key client-uid client-access-token client-refresh-token client-salted-key-pass encoding app-version description',
  },
  putio: {
    switches: 'client-credentials',
    values: 'client-id client-secret token auth-url token-url encoding description',
  },
  qingstor: {
    switches: 'env-auth',
    values:
      'access-key-id secret-access-key endpoint zone connection-retries upload-cutoff chunk-size upload-concurrency encoding description',
  },
  quatrix: {
    switches: 'hard-delete skip-project-folders',
    values: 'api-key host encoding effective-upload-time minimal-chunk-size maximal-summary-chunk-size description',
  },
  seafile: {
    switches: '2fa create-library',
    values: 'url user pass library library-key auth-token encoding description',
  },
  sftp: {
    switches:
      'pin-host-key key-use-agent use-insecure-cipher disable-hashcheck ask-password set-modtime skip-links use-fstat disable-concurrent-reads disable-concurrent-writes copy-is-hardlink',
    values:
      'host user port pass key-pem key-file key-file-pass pubkey pubkey-file known-hosts-file host-keys path-override encoding shell-type hashes md5sum-command sha1sum-command crc32sum-command sha256sum-command blake3sum-command xxh3sum-command xxh128sum-command subsystem server-command idle-timeout chunk-size concurrency connections set-env ciphers key-exchange macs host-key-algorithms ssh socks-proxy http-proxy description',
  },
  shade: {
    switches: '',
    values:
      'drive-id api-key endpoint chunk-size upload-concurrency max-upload-parts token token-expiry encoding description',
  },
  sharefile: {
    switches: 'client-credentials',
    values:
      'client-id client-secret token auth-url token-url upload-cutoff root-folder-id chunk-size endpoint encoding description',
  },
  sia: { switches: '', values: 'api-url api-password user-agent encoding description' },
  smb: {
    switches: 'use-kerberos hide-special-share case-insensitive',
    values: 'host user port pass domain spn idle-timeout kerberos-ccache encoding description',
  },
  storj: { switches: '', values: 'provider access-grant satellite-address api-key passphrase description' },
  sugarsync: {
    switches: 'hard-delete',
    values:
      'app-id access-key-id private-access-key refresh-token authorization authorization-expiry user root-id deleted-id encoding description',
  },
  swift: {
    switches: 'env-auth leave-parts-on-error fetch-until-empty-page no-chunk no-large-objects',
    values:
      'user key auth user-id domain tenant tenant-id tenant-domain region storage-url auth-token application-credential-id application-credential-name application-credential-secret auth-version endpoint-type storage-policy partial-page-fetch-threshold chunk-size use-segments-container encoding description',
  },
  tardigrade: { switches: '', values: 'provider access-grant satellite-address api-key passphrase description' },
  ulozto: { switches: '', values: 'app-token username password root-folder-slug list-page-size encoding description' },
  union: {
    switches: '',
    values: 'upstreams action-policy create-policy search-policy cache-time min-free-space description',
  },
  webdav: {
    switches: 'owncloud-exclude-shares owncloud-exclude-mounts auth-redirect',
    values:
      'url vendor user pass bearer-token bearer-token-command encoding headers pacer-min-sleep nextcloud-chunk-size unix-socket description',
  },
  yandex: {
    switches: 'client-credentials hard-delete spoof-ua',
    values: 'client-id client-secret token auth-url token-url encoding upload-wait description',
  },
  zoho: {
    switches: 'client-credentials',
    values:
      'client-id client-secret token auth-url token-url region root-folder-id upload-cutoff tpslimit tpslimit-burst list-folder-limit list-folder-window list-folder-burst encoding description',
  },
};
