/** Second words of command groups that rclone has and tsclone has not. */
export const subcommandsNotBuilt: Readonly<Record<string, readonly string[]>> = {
  serve: ['dlna', 'docker', 'ftp', 'http', 'nfs', 'restic', 'sftp', 'webdav'],
  config: ['disconnect', 'reconnect', 'userinfo'],
};

/** Commands that rclone has and tsclone has not: named in errors and in the parity table. */
export const commandsNotBuilt: readonly string[] =
  'about archive authorize bisync checksum cleanup completion config convmv copyurl dedupe gendocs gitannex gui hashsum link md5sum mount ncdu nfsmount rc rcd rmdirs selfupdate serve settier sha1sum test tree'.split(
    ' ',
  );
