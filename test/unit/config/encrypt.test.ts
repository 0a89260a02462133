import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configKey, encryptedPart, openConfig, sealConfig } from '../../../src/config/encrypt.ts';
import { ConfigFile } from '../../../src/config/file.ts';
import { fromUtf8, toHex, utf8 } from '../../../src/core/bytes.ts';
import { bytesToName } from '../../../src/core/encoding.ts';
import { edgePlatform } from '../../../src/core/edge-platform.ts';
import { openSession } from '../../../src/index.ts';
import { nodePlatform } from '../../../src/node/platform.ts';

interface Vector {
  readonly password: string;
  readonly file: string;
  readonly dump: Record<string, Record<string, string>>;
  readonly keyHex: string;
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/config-encrypted.json', import.meta.url), 'utf8')) as {
  plain: string;
  files: Vector[];
};
const random = (n: number): Uint8Array => new Uint8Array(randomBytes(n));
const [first] = vectors.files as [Vector];

describe('configs that rclone encrypted', () => {
  test.each(vectors.files.map((v) => [v.password.slice(0, 20), v] as const))('%j opens', (_name, v) => {
    for (const platform of [nodePlatform({}), edgePlatform()]) {
      const key = configKey(platform, v.password);
      expect(toHex(key)).toBe(v.keyHex);
      const plain = openConfig(encryptedPart(v.file) as string, key) as Uint8Array;
      expect(fromUtf8(plain)).toBe(vectors.plain);
      const config = ConfigFile.parse(bytesToName(plain));
      const dump = Object.fromEntries(
        config.sections().map((s) => [s, Object.fromEntries(config.keys(s).map((k) => [k, config.get(s, k)]))]),
      );
      expect(dump).toEqual(v.dump);
    }
  });

  test.each([
    ['CRLF', first.file.replaceAll('\n', '\r\n')],
    ['comments first', `; one\n\n  # two\n${first.file}`],
    ['a byte order mark', `\ufeff${first.file}`],
    ['base64 in lines of 60', first.file.replace(/[^\n]{60}/g, '$&\n')],
    ['a line break at the end', `${first.file}\n`],
  ])('%s makes no difference', (_name, file) => {
    const plain = openConfig(encryptedPart(file) as string, configKey(nodePlatform({}), first.password));
    expect(plain && fromUtf8(plain)).toBe(vectors.plain);
  });
});

describe('what does not open', () => {
  const key = configKey(nodePlatform({}), 'secret');
  const part = encryptedPart(first.file) as string;

  test('another password, another byte', () => {
    expect(openConfig(part, configKey(nodePlatform({}), 'Secret'))).toBeUndefined();
    const changed = part.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'));
    expect(openConfig(changed, key)).toBeUndefined();
  });

  test.each([
    ['', 'configuration data too short'],
    ['AAAA', 'configuration data too short'],
    ['AA*A', 'failed to load base64 encoded data: illegal base64 data at input byte 2'],
    ['AAAAA', 'failed to load base64 encoded data: illegal base64 data at input byte 5'],
  ])('%j is no encrypted text', (text, reason) => {
    expect(() => openConfig(text, key)).toThrow(reason);
  });

  test('a newer version of the encryption is named', () => {
    expect(() => encryptedPart('# x\nRCLONE_ENCRYPT_V1:\nAAAA')).toThrow('unsupported configuration encryption');
  });

  test.each(['[r]\ntype = s3\n', '', '# only a comment', 'x = RCLONE_ENCRYPT_V0:'])('%j is plain', (text) => {
    expect(encryptedPart(text)).toBeUndefined();
  });

  test.each([
    ['', 'no characters in password'],
    [' \t ', 'no characters in password'],
    ['a\ud800b', 'password contains invalid utf8 characters'],
    ['\ufffd', 'password contains invalid utf8 characters'],
  ])('password %j is refused', (password, reason) => {
    expect(() => configKey(nodePlatform({}), password)).toThrow(reason);
  });
});

test('what is sealed opens again, with a new nonce each time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ minLength: 1 }), (plain, password) => {
      fc.pre(password.trim() !== '');
      const key = configKey(nodePlatform({}), password);
      const [a, b] = [sealConfig(plain, key, random), sealConfig(plain, key, random)];
      expect(a).not.toBe(b);
      expect(a).toMatch(/^# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n[A-Za-z0-9+/=]+$/);
      expect(openConfig(encryptedPart(a) as string, key)).toEqual(plain);
    }),
  );
});

describe('the library', () => {
  const config = sealConfig(utf8('[m]\ntype = memory\n'), configKey(nodePlatform({}), 'secret'), random);

  test('opens an encrypted text with its password', () => {
    expect(openSession({ config, configPassword: 'secret' }).remotes()).toEqual([{ name: 'm', type: 'memory' }]);
  });

  test.each([
    [{}, 'the config is encrypted: give its password as configPassword'],
    [{ configPassword: 'wrong' }, 'configPassword is wrong'],
  ])('%j is refused', (o, reason) => {
    expect(() => openSession({ config, ...o })).toThrow(reason);
  });
});
