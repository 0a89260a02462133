import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import type { FlagSpec } from '../../../src/options/flags.ts';
import { globalFlags } from '../../../src/options/global.ts';

/** Names, letters, kinds and defaults out of the help of rclone. */
const rclone = JSON.parse(readFileSync(new URL('../../vectors/rclone-flags.json', import.meta.url), 'utf8')) as {
  readonly commands: Readonly<Record<string, { readonly flags: readonly string[] }>>;
  readonly global: readonly string[];
};

interface Facts {
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
  readonly fallback: string;
}

function theirs(text: string): Facts {
  const [, name = '', short, kind, fallback] =
    /--(\S+)(?: -(\S))?(?: ([^=\s]\S*))?(?: =(.*))?$/.exec(text) ?? ([] as undefined[]);
  const takesValue = kind !== undefined && kind !== 'count';
  return { name, short, takesValue, fallback: fallback ?? '' };
}

const isSwitch = (flag: FlagSpec): boolean => flag.type === 'bool' || flag.type === 'count';

/** In the help of rclone a zero value goes without saying. */
const shownDefault = (text: string): string => (/^(0|false|)$/.test(text) ? '' : text);

const ours = (flag: FlagSpec): Facts => ({
  name: flag.name,
  short: flag.short,
  takesValue: !isSwitch(flag),
  fallback: shownDefault(flag.default),
});

/** Defaults that rclone's help shows in another way, or that depend on the machine. */
const otherDefaults = [
  'cache-dir',
  'temp-dir',
  'config',
  'user-agent',
  'rc-addr',
  'stats-one-line-date-format',
  // Of serve s3: a longer header is no danger here, and files have no modes.
  'max-header-bytes',
  'umask',
];

const known = (flag: FlagSpec, text: string): [Facts, Facts] => {
  const [mine, facts] = [ours(flag), theirs(text)];
  const fallback = otherDefaults.includes(flag.name) ? '' : undefined;
  return [
    { ...mine, fallback: fallback ?? mine.fallback },
    { ...facts, fallback: fallback ?? shownDefault(facts.fallback) },
  ];
};

test('every global flag of rclone is known, with its letter, kind and default', () => {
  const byName = new Map(globalFlags.map((f) => [f.name, f]));
  const differing = rclone.global.flatMap((text) => {
    const flag = byName.get(theirs(text).name);
    if (!flag) return [`${text}: unknown`];
    const [mine, facts] = known(flag, text);
    const [a, b] = [JSON.stringify(mine), JSON.stringify(facts)];
    return a === b ? [] : [`${a} is ${b} there`];
  });
  expect(differing).toEqual([]);
});

describe('flags of commands', async () => {
  const built = (await Promise.all(commands.map((entry) => entry.load()))).filter((c) => c.name in rclone.commands);
  test.each(built.map((c) => [c.name, c] as const))('%s', (name, command) => {
    const facts = new Map(rclone.commands[name]?.flags.map((text) => [theirs(text).name, text]));
    const pairs = (command.flags ?? []).flatMap((flag) => {
      const text = facts.get(flag.name);
      return text === undefined ? [] : [known(flag, text)];
    });
    expect(pairs.map(([mine]) => mine)).toEqual(pairs.map(([, theirFacts]) => theirFacts));
  });
});
