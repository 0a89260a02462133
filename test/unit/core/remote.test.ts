import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as remote from '../../../src/core/remote.ts';

interface Vectors {
  parse: {
    input: string;
    error?: string;
    name: string;
    configString: string;
    path: string;
    config: Record<string, string> | null;
    splitLeaf: string;
    splitParent: string;
  }[];
  join: { remote: string; filePath: string; joined?: string; error?: string }[];
  names: { input: string; checkConfigName: string | null; makeConfigName: string }[];
  connectionStrings: { map: Record<string, string>; string: string; human: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/fspath.json', import.meta.url), 'utf8')) as Vectors;

describe('remote references parse as in rclone', () => {
  test.each(vectors.parse)('parse $input', (v) => {
    if (v.error !== undefined) {
      expect(() => remote.parseRemote(v.input)).toThrow(v.error);
      return;
    }
    const r = remote.parseRemote(v.input);
    expect({
      name: r.name,
      configString: r.configString,
      path: r.path,
      config: r.params.size === 0 ? null : Object.fromEntries(r.params),
    }).toEqual({ name: v.name, configString: v.configString, path: v.path, config: v.config });
    expect(remote.splitReference(v.input)).toEqual({ parent: v.splitParent, leaf: v.splitLeaf });
  });

  test.each(vectors.join)('join $remote + $filePath', (v) => {
    if (v.error !== undefined) expect(() => remote.joinReference(v.remote, v.filePath)).toThrow(v.error);
    else expect(remote.joinReference(v.remote, v.filePath)).toBe(v.joined);
  });

  test.each(vectors.names)('name "$input"', (v) => {
    expect(remote.checkRemoteName(v.input) ?? null).toBe(v.checkConfigName);
    expect(remote.makeRemoteName(v.input)).toBe(v.makeConfigName);
  });

  test.each(vectors.connectionStrings)('connection string $string', (v) => {
    expect(remote.formatParams(Object.entries(v.map))).toBe(v.string);
    expect(remote.formatParamsForPeople(Object.entries(v.map))).toBe(v.human);
  });
});
