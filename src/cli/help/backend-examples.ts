/** How a remote of each type is made and used. */
export const backendExamples: Readonly<Record<string, readonly string[]>> = {
  s3: [
    'tsclone config create r2_backups s3 provider=Cloudflare access_key_id=YOUR_ACCESS_KEY_ID \\',
    '    secret_access_key=YOUR_SECRET_ACCESS_KEY endpoint=https://ACCOUNT_ID.r2.cloudflarestorage.com no_check_bucket=true',
    'tsclone lsf r2_backups:my-backup-bucket',
  ],
  local: ['tsclone lsf /var/backups', 'tsclone lsf :local,copy_links:/var/backups'],
  memory: ['tsclone config create scratch memory', 'tsclone touch scratch:bucket/file'],
  alias: ['tsclone config create nightly alias remote=r2_backups:my-backup-bucket/nightly', 'tsclone lsf nightly:'],
  crypt: [
    'tsclone config create secret crypt remote=r2_backups:my-backup-bucket/secret password=YOUR_PASSWORD',
    'tsclone copy media secret:media',
  ],
  compress: [
    'tsclone config create small compress remote=r2_backups:my-backup-bucket/small',
    'tsclone copy media small:media',
  ],
  chunker: [
    'tsclone config create parts chunker remote=r2_backups:my-backup-bucket/parts chunk_size=1Gi',
    'tsclone copy media parts:media',
  ],
  hasher: [
    'tsclone config create summed hasher remote=r2_backups:my-backup-bucket hashes=sha256 max_age=off',
    'tsclone hashsum sha256 summed:',
  ],
  combine: [
    'tsclone config create all combine "upstreams=media=r2_backups:my-backup-bucket/media local=/var/backups"',
    'tsclone lsf all:',
  ],
  union: [
    'tsclone config create pool union "upstreams=/var/backups r2_backups:my-backup-bucket/pool"',
    'tsclone lsf pool:',
  ],
};
