import { spawn } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configKey } from '../../../src/config/encrypt.ts';
import { openConfigStore, type FindKey } from '../../../src/node/config-file.ts';
import { nodePlatform } from '../../../src/node/platform.ts';
import { tsclone, tscloneBin } from '../../support/run.ts';
import { tempDir } from '../../support/servers.ts';

let all: Awaited<ReturnType<typeof tempDir>>;
let dir: string;
let conf: string;
let count = 0;
beforeAll(async () => void (all = await tempDir()));
afterAll(() => all.remove());
beforeEach(async () => {
  dir = join(all.path, String(++count));
  await mkdir(dir);
  conf = join(dir, 'rclone.conf');
});
const leftovers = (): string[] => readdirSync(dir).filter((name) => name !== 'rclone.conf');

const platform = nodePlatform({});
const findKey =
  (password: string): FindKey =>
  async (open) => {
    const key = configKey(platform, password);
    const opened = open(key);
    if (opened === undefined) throw new Error('wrong password');
    return { key, opened };
  };

describe('writers at once', () => {
  const env = { RCLONE_CONFIG_PASS: 'secret' };
  const create = (name: string): Promise<{ code: number | null; stderr: string }> =>
    tsclone(['config', 'create', name, 'memory', '--no-output', '--config', conf], { cwd: dir, env });
  const names = Array.from({ length: 12 }, (_, i) => `r${i}`);

  test('twelve processes lose nothing', { timeout: 120_000 }, async () => {
    writeFileSync(conf, '', { mode: 0o600 });
    const done = await Promise.all(names.map(create));
    expect(done.map((d) => [d.code, d.stderr])).toEqual(names.map(() => [0, '']));
    const listed = await tsclone(['listremotes', '--config', conf], { cwd: dir });
    expect(listed.stdout.toString().trim().split('\n').sort()).toEqual(names.map((n) => `${n}:`).sort());
    expect(leftovers()).toEqual([]);
    expect(statSync(conf).mode & 0o777).toBe(0o600);
  });

  test('and an encrypted file stays encrypted', { timeout: 120_000 }, async () => {
    const store = await openConfigStore(conf);
    await store.encrypt(configKey(platform, 'secret'));
    const done = await Promise.all(names.slice(0, 6).map(create));
    expect(done.map((d) => d.code)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(readFileSync(conf, 'utf8')).toContain('RCLONE_ENCRYPT_V0:');
    expect((await openConfigStore(conf, findKey('secret'))).config.sections().sort()).toEqual(names.slice(0, 6).sort());
  });

  test('stores of one process take turns', async () => {
    const stores = await Promise.all(names.map(() => openConfigStore(conf)));
    await Promise.all(stores.map((s, i) => s.update((c) => c.set(names[i] as string, 'type', 'memory'))));
    expect((await openConfigStore(conf)).config.sections().sort()).toEqual([...names].sort());
  });

  test('a program that takes no turn does not lose its change either', async () => {
    writeFileSync(conf, '[a]\ntype = memory\n');
    const store = await openConfigStore(conf);
    let calls = 0;
    const written = await store.update((config) => {
      calls += 1;
      if (calls === 1) writeFileSync(conf, '[a]\ntype = memory\n\n[foreign]\ntype = s3\n');
      config.set('ours', 'type', 'memory');
    });
    expect(calls).toBe(2);
    expect(written.sections()).toEqual(['a', 'foreign', 'ours']);
    expect(readFileSync(conf, 'utf8')).toContain('[foreign]');
  });

  test('one that encrypts the file in between is not answered with plain text', async () => {
    writeFileSync(conf, '[a]\ntype = memory\n');
    const store = await openConfigStore(conf);
    const other = await openConfigStore(conf);
    await other.encrypt(configKey(platform, 'secret'));
    const sealed = readFileSync(conf, 'utf8');
    await expect(store.update((c) => c.set('b', 'type', 'memory'))).rejects.toThrow('the file is encrypted');
    expect(readFileSync(conf, 'utf8')).toBe(sealed);
    const knowing = await openConfigStore(conf, findKey('secret'));
    await knowing.update((c) => c.set('b', 'type', 'memory'));
    expect(readFileSync(conf, 'utf8')).toContain('RCLONE_ENCRYPT_V0:');
  });
});

describe('a writer that is killed', () => {
  test('in the middle of a write leaves the old file, and the next one goes on', { timeout: 120_000 }, async () => {
    const big = Array.from({ length: 8_000 }, (_, i) => `[r${i}]\ntype = memory\ndescription = ${'x'.repeat(60)}\n\n`);
    const before = big.join('');
    let killed = 0;
    for (let round = 0; round < 3; round++) {
      writeFileSync(conf, before, { mode: 0o600 });
      const child = spawn(process.execPath, [tscloneBin, 'config', 'create', 'new', 'memory', '--config', conf], {
        stdio: 'ignore',
      });
      // The unfinished file shows that the write has begun.
      const watcher = watch(dir, (_event, name) => {
        if (name?.endsWith('.partial')) child.kill('SIGKILL');
      });
      const signal = await new Promise((resolve) => child.on('close', (_code, s) => resolve(s)));
      watcher.close();
      const text = readFileSync(conf, 'utf8');
      if (signal !== 'SIGKILL') continue;
      killed += 1;
      expect(text === before || text.startsWith(`${before.slice(0, -1)}\n[new]`)).toBe(true);
    }
    expect(killed).toBeGreaterThan(0);
    const store = await openConfigStore(conf);
    await store.update((c) => c.set('after', 'type', 'memory'));
    expect((await openConfigStore(conf)).config.has('after')).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  test.each(['plain', 'encrypted'])(
    'among others takes nothing of theirs with it: %s file',
    { timeout: 120_000 },
    async (kind) => {
      const base = Array.from({ length: 2_000 }, (_, i) => `b${i}`);
      writeFileSync(conf, base.map((name) => `[${name}]\ntype = memory\n\n`).join(''), { mode: 0o600 });
      const isEncrypted = kind === 'encrypted';
      if (isEncrypted) await (await openConfigStore(conf)).encrypt(configKey(platform, 'secret'));
      // By process id: whether it dies as soon as it has the lock, or when its unfinished file is there.
      const victims = new Map<number, '.lock' | '.partial'>();
      const watcher = watch(dir, (_event, name) => {
        const pid = Number(/"pid":(\d+)/.exec(readLock())?.[1]);
        const moment = victims.get(pid);
        if (moment === undefined || !name?.endsWith(moment)) return;
        victims.delete(pid);
        process.kill(pid, 'SIGKILL');
      });
      const readLock = (): string => {
        try {
          return readFileSync(`${conf}.lock`, 'utf8');
        } catch {
          return '';
        }
      };
      const done = await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const child = spawn(
            process.execPath,
            [tscloneBin, 'config', 'create', `r${i}`, 'memory', '--no-output', '--config', conf],
            { stdio: 'ignore', env: { PATH: process.env['PATH'], RCLONE_CONFIG_PASS: 'secret' } },
          );
          if (i % 3 === 0) victims.set(child.pid as number, i % 2 === 0 ? '.lock' : '.partial');
          return new Promise<[string, number | null, string | null]>((resolve) =>
            child.on('close', (code, signal) => resolve([`r${i}`, code, signal])),
          );
        }),
      );
      watcher.close();
      expect(done.filter(([, , signal]) => signal === 'SIGKILL').length).toBeGreaterThan(0);
      expect(done.filter(([, code, signal]) => code !== 0 && signal !== 'SIGKILL')).toEqual([]);
      expect(readFileSync(conf, 'utf8').includes('RCLONE_ENCRYPT_V0:')).toBe(isEncrypted);
      const store = await openConfigStore(conf, findKey('secret'));
      const there = new Set(store.config.sections());
      expect(base.filter((name) => !there.has(name))).toEqual([]);
      expect(done.filter(([name, code]) => code === 0 && !there.has(name))).toEqual([]);
      await store.update((c) => c.set('after', 'type', 'memory'));
      expect(leftovers()).toEqual([]);
    },
  );

  test('its lock and its unfinished file are cleared', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => dead.on('close', resolve));
    const { hostname } = await import('node:os');
    writeFileSync(`${conf}.lock`, JSON.stringify({ token: 'abcdef', pid: dead.pid, host: hostname() }));
    writeFileSync(`${conf}.abcdef.partial`, 'half');
    await (await openConfigStore(conf)).update((c) => c.set('a', 'type', 'memory'));
    expect(leftovers()).toEqual([]);
  });

  test('on another machine its lock counts until it is old', async () => {
    writeFileSync(`${conf}.lock`, JSON.stringify({ token: 'abcdef', pid: 1, host: 'elsewhere' }));
    const old = new Date(Date.now() - 60_000);
    utimesSync(`${conf}.lock`, old, old);
    await (await openConfigStore(conf)).update((c) => c.set('a', 'type', 'memory'));
    expect(leftovers()).toEqual([]);
  });
});

test('a change that throws writes nothing and gives the turn back', async () => {
  const store = await openConfigStore(conf);
  await expect(
    store.update(() => {
      throw new Error('no');
    }),
  ).rejects.toThrow('Failed to save config file');
  expect(existsSync(conf)).toBe(false);
  expect(leftovers()).toEqual([]);
});

test('a symbolic link is followed and stays', async () => {
  const real = join(dir, 'real.conf');
  writeFileSync(real, '', { mode: 0o640 });
  symlinkSync(real, conf);
  await (await openConfigStore(conf)).update((c) => c.set('a', 'type', 'memory'));
  expect(readFileSync(real, 'utf8')).toBe('[a]\ntype = memory\n\n');
  expect(statSync(real).mode & 0o777).toBe(0o640);
  expect(leftovers()).toEqual(['real.conf']);
});
