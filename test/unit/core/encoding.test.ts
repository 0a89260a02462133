import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as enc from '../../../src/core/encoding.ts';

type Text = string | { hex: string };
interface Vectors {
  masks: {
    label: string;
    mask: string;
    bits?: number;
    string: string;
    cases: [Text, Text, Text, Text, Text, Text][];
  }[];
  sets: Record<string, unknown>[];
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/encodings.json', import.meta.url), 'utf8')) as Vectors;

const text = (t: Text): string =>
  typeof t === 'string' ? t : enc.bytesToName(Uint8Array.from(Buffer.from(t.hex, 'hex')));

describe('name encodings give what rclone gives', () => {
  for (const m of vectors.masks) {
    test(`mask ${m.label}`, () => {
      const mask = enc.parseEncoding(m.mask);
      expect(enc.formatEncoding(mask)).toBe(m.string);
      for (const row of m.cases) {
        const [name, from, back, to, encoded, decoded] = row.slice(0, 6).map((t) => text(t as Text)) as string[];
        const got = [
          enc.fromStandardName(mask, name as string),
          enc.toStandardName(mask, from as string),
          enc.toStandardName(mask, name as string),
          enc.nameEncoder(mask).encode(name as string),
          enc.nameEncoder(mask).decode(name as string),
        ];
        expect({ name, got }).toEqual({ name, got: [from, back, to, encoded, decoded] });
      }
    });
  }

  test('values of the encoding option', () => {
    expect(vectors.sets.length).toBeGreaterThan(10);
    for (const s of vectors.sets as { input: string; bits?: number; string?: string; error?: string }[]) {
      if (s.error !== undefined) expect(() => enc.parseEncoding(s.input), s.input).toThrow(s.error.slice(0, 20));
      else expect([s.input, enc.formatEncoding(enc.parseEncoding(s.input))]).toEqual([s.input, s.string]);
    }
  });
});
