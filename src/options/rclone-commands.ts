/** Second words of command groups that rclone has and tsclone has not. */
export const subcommandsNotBuilt: Readonly<Record<string, readonly string[]>> = {
  serve: ['dlna', 'docker', 'ftp', 'http', 'nfs', 'restic', 'sftp', 'webdav'],
};

/** Commands that rclone has and tsclone has not: named in errors and in the parity table. */
export const commandsNotBuilt: readonly string[] =
  'archive authorize bisync convmv gendocs gitannex gui mount ncdu nfsmount rc rcd selfupdate serve test'.split(' ');
