import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { utf8 } from '../../../../src/core/bytes.ts';
import { deriveKeys } from '../../../../src/backends/crypt/keys.ts';
import { createNameCipher, type NameCipher, type NameOptions } from '../../../../src/backends/crypt/names.ts';
import { edgePlatform } from '../../../../src/core/edge-platform.ts';
import { nodePlatform } from '../../../../src/node/platform.ts';

interface Config {
  filename_encryption: string;
  filename_encoding: string;
  directory_name_encryption: boolean;
  password: string;
  password2: string;
  suffix: string;
}
interface Answer {
  input: string;
  file?: string;
  fileError?: string;
  dir?: string;
  dirError?: string;
}
const vectors = JSON.parse(readFileSync(new URL('../../../vectors/crypt-names.json', import.meta.url), 'utf8')) as {
  names: string[];
  results: {
    config: Config;
    file: string[];
    dir: string[];
    notRoundTrip?: { i: number; fileBack: string; fileBackError: string | null }[];
  }[];
  decode: { config: Config; cases: Answer[] }[];
};

const platforms = { node: nodePlatform({}), edge: edgePlatform() };

async function cipherOf(c: Config, platform: keyof typeof platforms = 'node'): Promise<NameCipher> {
  const keys = await deriveKeys(platforms[platform], utf8(c.password), utf8(c.password2));
  const suffix = c.suffix.toLowerCase() === 'none' ? '' : c.suffix.startsWith('.') ? c.suffix : `.${c.suffix}`;
  return createNameCipher(platforms[platform], keys, {
    mode: c.filename_encryption as NameOptions['mode'],
    encoding: c.filename_encoding,
    encryptDirectories: c.directory_name_encryption,
    suffix,
  });
}

const title = (c: Config): string =>
  `${c.filename_encryption} ${c.filename_encoding} ${c.directory_name_encryption ? 'with' : 'without'} directories, suffix ${c.suffix}, password ${c.password.slice(0, 8)}, ${c.password2.slice(0, 6)}`;

const attempt = (f: () => string): string => {
  try {
    return f();
  } catch (e) {
    return `error: ${(e as Error).message}`;
  }
};

describe.each(vectors.results.map((r) => [title(r.config), r] as const))(
  '%s',
  (_, { config, file, dir, notRoundTrip }) => {
    let cipher: NameCipher;
    beforeAll(async () => {
      cipher = await cipherOf(config);
    });

    test('encrypts every name to the bytes of rclone', () => {
      expect(vectors.names.map((n) => cipher.encryptFile(n))).toEqual(file);
      expect(vectors.names.map((n) => cipher.encryptDir(n))).toEqual(dir);
    });

    test('decrypts what rclone encrypted', () => {
      const wanted = vectors.names.map((name, i) => {
        const odd = notRoundTrip?.find((x) => x.i === i);
        if (!odd) return name;
        return odd.fileBackError === null ? odd.fileBack : `error: ${odd.fileBackError}`;
      });
      expect(file.map((name) => attempt(() => cipher.decryptFile(name)))).toEqual(wanted);
      expect(dir.map((name) => attempt(() => cipher.decryptDir(name)))).toEqual(vectors.names);
    });
  },
);

describe.each(vectors.decode.map((d) => [title(d.config), d] as const))('odd names: %s', (_, { config, cases }) => {
  test('gives the same name or the same error', async () => {
    const cipher = await cipherOf(config);
    const wanted = cases.map((c) => ({
      input: c.input,
      file: c.fileError === undefined ? c.file : `error: ${c.fileError}`,
      dir: c.dirError === undefined ? c.dir : `error: ${c.dirError}`,
    }));
    const got = cases.map(({ input }) => ({
      input,
      file: attempt(() => cipher.decryptFile(input)),
      dir: attempt(() => cipher.decryptDir(input)),
    }));
    expect(got).toEqual(wanted);
  });
});

test('the pure platform gives the same names', async () => {
  const { config, file } = vectors.results[0] as (typeof vectors.results)[number];
  const cipher = await cipherOf(config, 'edge');
  expect(vectors.names.map((n) => cipher.encryptFile(n))).toEqual(file);
});

test('a name that EME cannot hold is refused', async () => {
  const cipher = await cipherOf((vectors.results[0] as (typeof vectors.results)[number]).config);
  expect(cipher.decryptFile(cipher.encryptFile('x'.repeat(2047)))).toHaveLength(2047);
  expect(() => cipher.encryptFile('x'.repeat(2048))).toThrow('more than 2047 bytes');
  expect(() => cipher.encryptFile('a\ud800b')).toThrow('not valid Unicode');
});
