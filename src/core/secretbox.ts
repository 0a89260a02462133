import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import type { Secretbox } from './platform.ts';

/** NaCl's secretbox in pure JavaScript. */
export function pureSecretbox(key: Uint8Array): Secretbox {
  return {
    seal: (nonce, plain) => xsalsa20poly1305(key, nonce).encrypt(plain),
    open(nonce, sealed) {
      try {
        return xsalsa20poly1305(key, nonce).decrypt(sealed);
      } catch {
        return undefined;
      }
    },
  };
}
