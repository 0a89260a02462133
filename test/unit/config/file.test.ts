import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigFile } from '../../../src/config/file.ts';
import { bytesToName, nameToBytes } from '../../../src/core/encoding.ts';

interface Case {
  name: string;
  conf?: string;
  confBase64?: string;
  confRule?: string;
  dumpExit: number;
  dump?: Record<string, Record<string, string>>;
  error?: string;
  messages?: string[];
  listremotes?: string[];
  rewritten?: string;
}
const { cases } = JSON.parse(readFileSync(new URL('../../vectors/config-parse.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

const bytesOf = (c: Case): Uint8Array =>
  c.confBase64 === undefined
    ? new TextEncoder().encode(c.conf ?? '')
    : Uint8Array.from(Buffer.from(c.confBase64, 'base64'));
const dump = (f: ConfigFile): Record<string, Record<string, string>> =>
  Object.fromEntries(f.sections().map((s) => [s, Object.fromEntries(f.keys(s).map((k) => [k, f.get(s, k) ?? '']))]));
/** rclone prints U+FFFD where the file has bytes that are not UTF-8. */
const shown = (text: string): string => text.replace(/[\udc80-\udcff]/g, '\ufffd');

describe('rclone.conf is read as rclone reads it', () => {
  test.each(cases.filter((c) => c.confRule === undefined))('$name', (c) => {
    const text = bytesToName(bytesOf(c));
    if (c.dumpExit !== 0) {
      expect(() => ConfigFile.parse(text)).toThrow();
      return;
    }
    const file = ConfigFile.parse(text);
    expect(JSON.parse(shown(JSON.stringify(dump(file), (_, v) => (typeof v === 'string' ? shown(v) : v))))).toEqual(
      c.dump,
    );
    if (c.rewritten === undefined) return;
    file.replace('zz', [['type', 'memory']]);
    expect(shown(file.toString())).toBe(c.rewritten);
  });

  test('a value of 70000 letters', () => {
    const [long] = cases.filter((c) => c.confRule !== undefined) as [Case];
    expect(long.confRule).toBe('[r]\\nk = + 70000 times y + \\n');
    const file = ConfigFile.parse(`[r]\nk = ${'y'.repeat(70_000)}\n`);
    expect(dump(file)).toEqual({ r: { k: 'y'.repeat(70_000) } });
  });

  test('a rewrite keeps bytes that are not UTF-8', () => {
    const bytes = Uint8Array.from([...Buffer.from('[r]\nk = a'), 0xff, 0xfe, ...Buffer.from('b\n\n')]);
    expect(Buffer.from(nameToBytes(ConfigFile.parse(bytesToName(bytes)).toString()))).toEqual(Buffer.from(bytes));
  });

  test('what is written is read back', () => {
    const word = fc.string({ minLength: 1, unit: fc.constantFrom(...'abz09 .=:"#;[]%$\\é') }).map((s) => s.trim());
    fc.assert(
      fc.property(word, word, (key, value) => {
        fc.pre(key !== '' && key !== '-' && !/^[#;[]/.test(key) && !key.startsWith('"') && !value.startsWith('"""'));
        const file = new ConfigFile();
        file.set('r', key, value);
        const again = ConfigFile.parse(file.toString());
        expect(again.raw('r', key)).toBe(value);
      }),
    );
  });
});
