/** A name that cannot be decrypted or encrypted; the message is rclone's reason. */
export class NameError extends Error {
  override readonly name = 'NameError';
}
