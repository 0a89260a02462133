import type { Secretbox } from '../core/platform.ts';
import { pureSecretbox } from '../core/secretbox.ts';

/** libsodium's secretbox: twice as fast as the pure one, which stands in where it does not load. */
export async function openSodium(key: Uint8Array): Promise<Secretbox> {
  let sodium: (typeof import('libsodium-wrappers'))['default'];
  try {
    sodium = (await import('libsodium-wrappers')).default;
    await sodium.ready;
  } catch {
    return pureSecretbox(key);
  }
  return {
    seal: (nonce, plain) => sodium.crypto_secretbox_easy(plain, nonce, key),
    open(nonce, sealed) {
      try {
        return sodium.crypto_secretbox_open_easy(sealed, nonce, key);
      } catch {
        return undefined;
      }
    },
  };
}
