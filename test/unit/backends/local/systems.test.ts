import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createLocalBackend } from '../../../../src/backends/local/backend.ts';
import { local } from '../../../../src/backends/local/definition.ts';
import { fileNames } from '../../../../src/backends/local/names.ts';
import { systemPaths } from '../../../../src/backends/local/system.ts';
import { ConfigFile } from '../../../../src/config/file.ts';
import type { Backend } from '../../../../src/core/backend.ts';
import { parseEncoding } from '../../../../src/core/encoding.ts';
import type { System } from '../../../../src/core/platform.ts';
import { parseRemote } from '../../../../src/core/remote.ts';
import { nodePlatform, systemOf } from '../../../../src/node/platform.ts';
import { nodeRegistry } from '../../../../src/node/registry.ts';
import { parseOptions } from '../../../../src/options/derive.ts';
import { createSession } from '../../../../src/session.ts';

/*
 * Paths and names of Windows and macOS, with the system injected: nothing here touches a file.
 */
const platformOf = (system: System) => ({ ...nodePlatform({}), system });
const systems: readonly System[] = ['linux', 'macos', 'windows'];

function openAt(system: System, root: string): Backend {
  const options = parseOptions(local, 'local', () => undefined) as never;
  const c = { name: 'local', options, platform: platformOf(system), emit: () => {} };
  return createLocalBackend(c, system === 'windows' ? 'C:/current' : '/current').at(root);
}

test('the names that Node has for them', () => {
  expect(['win32', 'darwin', 'linux', 'freebsd'].map(systemOf)).toEqual(['windows', 'macos', 'linux', 'linux']);
});

describe('references on Windows', () => {
  test.each(['C:\\dir\\file', 'c:/dir', 'C:', 'z:file', '\\\\server\\share\\x', 'dir\\file'])('%s is local', (text) => {
    expect(parseRemote(text, 'windows')).toMatchObject({ name: '', path: text });
  });

  test.each(['r2:bucket/x', ':s3,env_auth:bucket', 'cc:x'])('%s is a remote', (text) => {
    expect(parseRemote(text, 'windows').name).not.toBe('');
  });

  test('elsewhere one letter is a remote', () => {
    for (const system of ['linux', 'macos'] as const) expect(parseRemote('C:dir', system).name).toBe('C');
  });

  test('a session knows its system', async () => {
    const open = (system: System) =>
      createSession({ platform: platformOf(system), registry: nodeRegistry, config: new ConfigFile() });
    expect((await open('windows').open('D:\\data')).root).toBe('D:/data');
    await expect(open('linux').open('D:\\data')).rejects.toMatchObject({ code: 'unknown_remote' });
  });
});

describe('roots', () => {
  test.each([
    ['windows', 'D:\\data\\x\\..\\y', 'D:/data/y'],
    ['windows', 'D:/data/', 'D:/data'],
    ['windows', 'D:', 'D:/'],
    ['windows', 'sub\\dir', 'C:/current/sub/dir'],
    ['windows', '..', 'C:/'],
    ['windows', '\\\\server\\share\\dir', '//server/share/dir'],
    ['macos', '/Users/me/x', '/Users/me/x'],
    ['macos', 'a\\b', '/current/a\\b'],
    ['linux', 'a\\b', '/current/a\\b'],
  ] as const)('%s: %s is %s', (system, given, root) => {
    expect(openAt(system, given).root).toBe(root);
  });

  test('a file in the root of a drive', () => {
    const backend = openAt('windows', 'D:\\file');
    expect(backend.at('D:').root).toBe('D:/');
    expect(fileNames('D:/', 0, 'windows').toFile('file')).toBe('D:/file');
  });
});

describe('names', () => {
  type Row = readonly [unknown, unknown, ...unknown[]];
  const { masks } = JSON.parse(readFileSync(new URL('../../../vectors/encodings.json', import.meta.url), 'utf8')) as {
    masks: { label: string; mask: string; cases: Row[] }[];
  };
  const labels: Readonly<Record<System, string>> = { linux: 'local-linux', macos: 'local-macos', windows: 'win' };

  test.each(systems)('the default encoding of %s is that of rclone', (system) => {
    const vector = masks.find((m) => m.label === labels[system]);
    expect(systemPaths(system).encoding).toBe(parseEncoding(vector?.mask ?? ''));
  });

  test.each(systems)('as rclone writes them on %s', (system) => {
    const names = fileNames('/r', systemPaths(system).encoding, system);
    const cases = masks.find((m) => m.label === labels[system])?.cases ?? [];
    let checked = 0;
    for (const [name, file] of cases) {
      if (typeof name !== 'string' || typeof file !== 'string' || name === '' || name.includes('/')) continue;
      checked += 1;
      expect(Buffer.from(names.toFile(name)).toString(), JSON.stringify(name)).toBe(`/r/${file}`);
      if (system === 'windows') expect(file).not.toMatch(/[<>:"|?*\\]|[ .]$/);
    }
    expect(checked).toBeGreaterThan(50);
  });

  test('without an encoding no name leads to another directory, drive or stream', () => {
    const names = fileNames('C:/r', 0, 'windows');
    for (const name of ['a\\..\\..\\b', 'file:stream', 'C:', '..', 'a\\b'])
      expect(() => names.toFile(name), name).toThrow('would lead elsewhere');
    expect(fileNames('/r', 0, 'linux').toFile('a\\b:c')).toBe('/r/a\\b:c');
  });
});
