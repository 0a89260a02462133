import type { CommandDefinition } from '../command.ts';
import { pairsOf } from '../config-text.ts';

export const configDump: CommandDefinition = {
  name: 'config dump',
  summary: 'Print the config as JSON',
  help: 'All remotes with their options as stored, secrets included; no newline at the end.',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config dump'],
  async run(c) {
    const { config } = await c.session();
    const sections = config
      .sections()
      .filter((name) => name !== 'DEFAULT')
      .toSorted(byCodePoint)
      .map((name) => [name, pairsOf(config, name, c.env).toSorted(([a], [b]) => byCodePoint(a, b))] as const);
    await c.out.write(sections.length === 0 ? '{}' : `{\n${sections.map(section).join(',\n')}\n}`);
  },
};

const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Written by hand: JSON.stringify would move names that look like numbers to the front. */
function section([name, pairs]: readonly [string, readonly (readonly [string, string])[]]): string {
  const lines = pairs.map(([key, value]) => `        ${text(key)}: ${text(value)}`);
  return `    ${text(name)}: ${lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n    }`}`;
}

function text(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (ch) => `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
