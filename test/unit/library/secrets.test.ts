import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { obscure } from '../../../src/core/obscure.ts';
import { openSession } from '../../../src/node/index.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { fault, startScriptedS3, type ScriptedS3 } from '../../support/scripted-s3.ts';

const { randomBytes } = nodePlatform({});
const secrets = {
  secretKey: 'SecretAccessKeyOfSomebody',
  token: 'SessionTokenOfSomebody',
  customerKey: '0123456789abcdef0123456789ABCDEF',
  password: 'correct horse battery staple',
  salt: 'pepper and salt',
};
const obscured = { password: obscure(secrets.password, randomBytes), password2: obscure(secrets.salt, randomBytes) };
const all = [...Object.values(secrets), ...Object.values(obscured)];

let server: ScriptedS3;
beforeAll(async () => {
  server = await startScriptedS3(() => fault(403, 'AccessDenied'));
});
afterAll(() => server.stop());

const seen = (value: unknown): string[] => {
  const text = inspect(value, {
    depth: 40,
    showHidden: true,
    maxStringLength: Number.POSITIVE_INFINITY,
    maxArrayLength: Number.POSITIVE_INFINITY,
  });
  expect(text.length).toBeGreaterThan(20);
  return all.filter((secret) => text.includes(secret));
};

test('no secret is found in what a program holds, however deep it looks', async () => {
  const events: unknown[] = [];
  const session = await openSession({
    onEvent: (e) => events.push(e),
    config: {
      s: {
        type: 's3',
        provider: 'Other',
        endpoint: server.endpoint,
        access_key_id: 'AKIDOFSOMEBODY',
        secret_access_key: secrets.secretKey,
        session_token: secrets.token,
        sse_customer_algorithm: 'AES256',
        sse_customer_key: secrets.customerKey,
      },
      z: { type: 'compress', remote: 's:bucket' },
      c: { type: 'crypt', remote: 'z:', ...obscured },
    },
  });
  const [s3, crypt] = [await session.remote('s:bucket'), await session.remote('c:')];
  const errors: unknown[] = [];
  for (const remote of [s3, crypt])
    for (const call of [
      () => remote.read('x'),
      () => remote.stat('x'),
      () => remote.write('x', 'content'),
      async () => {
        for await (const entry of remote.list()) void entry;
      },
      () => remote.remove('x'),
    ])
      errors.push(await call().catch((e: unknown) => e));
  expect(errors.filter((e) => e instanceof Error && /AccessDenied/.test(e.message)).length).toBeGreaterThan(6);
  // It was sent: the request log of the server has it.
  expect(server.requests.some((r) => JSON.stringify(r).includes(secrets.token))).toBe(true);
  expect(seen({ session })).toEqual([]);
  expect(seen({ s3, crypt })).toEqual([]);
  expect(seen(errors)).toEqual([]);
  expect(seen({ events, kinds: 'of what was told' })).toEqual([]);
});
