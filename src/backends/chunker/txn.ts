import type { Platform } from '../../core/platform.ts';

/** Nine of 36 signs, as long as rclone takes them: two uploads of one object never have the same. */
export function newTxn(platform: Platform): string {
  let text = '';
  while (text.length < 9) {
    for (const byte of platform.randomBytes(16)) if (byte < 252 && text.length < 9) text += (byte % 36).toString(36);
  }
  return text;
}
