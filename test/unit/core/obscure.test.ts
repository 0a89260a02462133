import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { obscure, reveal } from '../../../src/core/obscure.ts';

const vectors = JSON.parse(readFileSync(new URL('../../vectors/obscure.json', import.meta.url), 'utf8')) as {
  pairs: { typed: string; obscured: string; revealed: string }[];
  reveal: { obscured: string; plainHex?: string; error?: string }[];
};
const text = (b: Uint8Array): string => new TextDecoder().decode(b);

describe('obscured passwords', () => {
  test.each(vectors.pairs)('reveals $obscured', (p) => {
    expect(text(reveal(p.obscured))).toBe(p.revealed);
  });
  test.each(vectors.reveal)('reveal $obscured', (v) => {
    if (v.error !== undefined) expect(() => reveal(v.obscured)).toThrow(v.error);
    else expect(Buffer.from(reveal(v.obscured)).toString('hex')).toBe(v.plainHex);
  });
  test('obscures with a fresh IV and back', () => {
    const random = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n));
    const a = obscure('pä ss', random);
    expect(a).not.toBe(obscure('pä ss', random));
    expect(text(reveal(a))).toBe('pä ss');
  });
});
