import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { errorCodes, explanations, networkCodes, serviceCodes } from '../../../src/core/explanations.ts';
import { cli } from '../../support/cli.ts';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));
const textOf = (path: string): string => readFileSync(join(source, path), 'utf8');

test('every code of TscloneError has an entry, and no entry is of a code that is gone', () => {
  const union = /export type ErrorCode =([^;]*);/.exec(textOf('core/errors.ts'))?.[1] ?? '';
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code as string);
  expect(codes.length).toBeGreaterThan(30);
  expect(Object.keys(errorCodes).toSorted()).toEqual(codes.toSorted());
});

test('every code that our server answers with, or the S3 backend knows, is explained', () => {
  const server = readdirSync(join(source, 'serve/s3')).map((name) => textOf(join('serve/s3', name)));
  const answered = server.flatMap((text) =>
    [...text.matchAll(/S3Fault\(\s*\d+,\s*'(\w+)'/g)].map(([, code]) => code as string),
  );
  const known = [...textOf('backends/s3/errors.ts').matchAll(/^ {4}(?:4|3)\d\d: '(\w+)'/gm)].map(
    ([, code]) => code as string,
  );
  expect(answered.length).toBeGreaterThan(30);
  expect(known.length).toBeGreaterThan(8);
  const gateway = new Set(['Found', 'Conflict']);
  expect([...new Set([...answered, ...known])].filter((code) => !(code in serviceCodes) && !gateway.has(code))).toEqual(
    [],
  );
});

test('every explanation says what it means and what to do, in whole sentences', () => {
  for (const { name, meaning, remedy } of explanations()) {
    expect(`${name}: ${meaning}`).toMatch(/: [\p{L}"].*\.$/u);
    expect(`${name}: ${remedy}`).toMatch(/: [\p{L}\d].*[.]$/u);
  }
  expect(Object.keys(networkCodes)).toContain('ECONNREFUSED');
});

test('explain of a code, in any case', async () => {
  const done = await cli(['explain', 'signaturedoesnotmatch']);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout).toMatchInlineSnapshot(`
    "SignatureDoesNotMatch (S3, HTTP status 403)
      means The service knows the key and computes another signature: the secret is
            wrong, or something on the way changes the request.
      do    Set secret_access_key anew, in single quotes. Behind a proxy:
            sign_accept_encoding = false.
    "
  `);
  expect((await cli(['explain', 'network'])).stdout).toContain('network (tsclone, exit code 5, or 1 where');
  expect((await cli(['explain', 'dir_not_found'])).stdout).toContain('exit code 3)');
});

test('explain of a status shows all that it may be', async () => {
  const { stdout } = await cli(['explain', '403']);
  for (const code of ['AccessDenied', 'SignatureDoesNotMatch', 'InvalidAccessKeyId', 'RequestTimeTooSkewed'])
    expect(stdout).toContain(`${code} (S3, HTTP status 403)`);
});

test('a name of doctor', async () => {
  expect((await cli(['explain', 'no_bucket_rights'])).stdout).toContain('no_check_bucket = true');
});

test('a mistyped code gets a suggestion', async () => {
  const done = await cli(['explain', 'SignatureDoesntMatch']);
  expect(done.code).toBe(2);
  expect(done.stderr).toContain('(did you mean SignatureDoesNotMatch?)');
  expect((await cli(['explain', 'permisson-denied'])).stderr).toContain('(did you mean permission_denied?)');
  expect((await cli(['explain', 'xyzzy-what-is-it'])).stderr).toContain('tsclone explain lists all');
});

test('explain alone lists all codes in 80 columns', async () => {
  const { stdout } = await cli(['explain']);
  for (const { name } of explanations()) expect(stdout).toContain(`  ${name}`);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
