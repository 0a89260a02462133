// Asks a real rclone for its commands and flags: names, kinds and defaults, no texts. Writes test/vectors/rclone-flags.json,
// which the parity table and its test read. Usage: node scripts/rclone-facts.mjs [rclone [file]]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rclone = process.argv[2] ?? 'rclone';
const help = (...args) =>
  execFileSync(rclone, args, { encoding: 'utf8', env: { ...process.env, RCLONE_CONFIG: '/dev/null' } });

const version = /^rclone v(\S+)/.exec(help('version'))[1];
// Out of the surface: only their names count.
const foreign =
  /^(archive|authorize|bisync|completion|convmv|gendocs|gitannex|gui|mount|ncdu|nfsmount|rcd?|selfupdate|test|serve (?!s3).*)$/;
const commands = {};
visit([]);
const global = help('help', 'flags')
  .split(/^(?=\S.*\(flag group )/m)
  .flatMap((section) => {
    const group = /flag group (\w+)\)/.exec(section)?.[1];
    return group ? flagsIn(section).map((flag) => `${group} ${flag}`) : [];
  })
  .filter((flag) => !flag.startsWith('Backend '));

const out = { rclone: version, commands, global };
writeFileSync(
  process.argv[3] ?? join(root, 'test/vectors/rclone-flags.json'),
  `${JSON.stringify(out, undefined, 1)}\n`,
);

function visit(words) {
  const name = words.join(' ');
  if (foreign.test(name)) {
    commands[name] = { flags: [], groups: [] };
    return;
  }
  const text = help(...words, '--help');
  const list = /^Available [cC]ommands:\n((?: .*\n)+)/m.exec(text)?.[1] ?? '';
  const inner = [...list.matchAll(/^ {2}(\S+)/gm)].map((m) => m[1]).filter((word) => word !== 'help');
  for (const word of inner) visit([...words, word]);
  if (words.length === 0) return;
  const own = /^Flags:\n((?:.*\n)*?)(?:\n|$)/m.exec(text)?.[1] ?? '';
  const groups = [...text.matchAll(/\(flag group (\w+)\)/g)].map((m) => m[1]);
  commands[name] = { flags: flagsIn(own).filter((flag) => !flag.startsWith('--help')), groups };
}

/** `--name -s kind =default` out of the lines of a help text; without a kind it is a switch. */
function flagsIn(text) {
  return [...text.matchAll(/^ {2}(?:-(\S), | {4})--(\S+)(?: (\S+))? {2,}(.*)$/gm)].map(
    ([, short, name, kind, rest]) => {
      const fallback = /\(default (.*)\)$/.exec(rest)?.[1]?.replace(/^"(.*)"$/, '$1');
      return [
        `--${name}`,
        ...(short ? [`-${short}`] : []),
        ...(kind ? [kind] : []),
        // Paths of this machine and addresses are nobody else's default.
        ...(fallback === undefined || /^(\/|https?:)/.test(fallback) ? [] : [`=${fallback}`]),
      ].join(' ');
    },
  );
}
