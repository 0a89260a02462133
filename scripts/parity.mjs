// The parity table: what the code declares beside what rclone's own help says (test/vectors/rclone-flags.json).
import { readFileSync } from 'node:fs';

const rclone = JSON.parse(readFileSync(new URL('../test/vectors/rclone-flags.json', import.meta.url), 'utf8'));

/** What cannot be seen from the flags alone. */
const remarks = {
  'backend features': 'the facts that tsclone knows',
  'serve s3': 'a server of its own: stricter, keys are needed',
  'config edit': 'as `config`',
};

export function parityPage({ commands, globalFlags, s3Options }) {
  const built = new Map(commands.map((c) => [c.name, c]));
  const isGroup = (name) => [...Object.keys(rclone.commands), ...built.keys()].some((n) => n.startsWith(`${name} `));
  const theirs = Object.keys(rclone.commands).filter((name) => built.has(name) || !isGroup(name));
  const rows = theirs.map((name) => commandRow(name, built.get(name), rclone.commands[name]));
  const onlyHere = [...built.keys()].filter((name) => !(name in rclone.commands));
  const global = globalRows(globalFlags);
  const options = [...s3Options.meta.values()];
  const count = (list, status) => list.filter((row) => row.status === status).length;
  return `# Parity with rclone

Made from the code and from the help of rclone ${rclone.rclone}. \`same\`: behaves as rclone, save for the
[deviations](deviations.md). \`partial\`: some of its flags are refused. \`refused\`: ends with a line that names it; a whole command
is handed over to a real rclone where there is [one](../migrate/rclone.md).

## Commands

${count(rows, 'same')} same, ${count(rows, 'partial')} partial, ${count(rows, 'refused')} refused.

| command | here | flags of its own |
| --- | --- | --- |
${rows.map((r) => `| \`${r.name}\` | ${r.status}${r.remark} | ${r.flags} |`).join('\n')}

Only here: ${onlyHere.map((name) => `\`${name}\`${remarks[name] ? ` (${remarks[name]})` : ''}`).join(', ')}.

## Global flags

${count(global, 'same')} same, ${count(global, 'partial')} partial, ${count(global, 'refused')} refused when they would change what happens.

| flag | here | |
| --- | --- | --- |
${global.map((r) => `| \`--${r.name}\` | ${r.status} | ${r.remark} |`).join('\n')}

## Options of S3

${options.filter((m) => m.notBuilt === undefined).length} of ${options.length} are built; [the table](../reference/s3-options.md) has each.
`;
}

function commandRow(name, command, facts) {
  if (!command) return { name, status: 'refused', remark: '', flags: '' };
  const own = new Map((command.flags ?? []).map((f) => [f.name, f]));
  const flags = facts.flags.map((text) => ({ name: nameOf(text), flag: own.get(nameOf(text)) }));
  const refused = flags.filter(({ flag }) => flag === undefined || flag.notBuilt !== undefined);
  const more = [...own.keys()].filter((n) => !facts.flags.some((text) => nameOf(text) === n));
  const list = (names) => names.map((n) => `\`--${n}\``).join(' ');
  const parts = [
    refused.length < flags.length ? list(flags.filter((f) => !refused.includes(f)).map((f) => f.name)) : '',
    refused.length > 0 ? `refused: ${list(refused.map((f) => f.name))}` : '',
    more.length > 0 ? `only here: ${list(more)}` : '',
  ];
  const remark = remarks[name] ? `: ${remarks[name]}` : '';
  const status = refused.length > 0 || remark !== '' ? 'partial' : 'same';
  return { name, status, remark, flags: parts.filter((p) => p !== '').join('; ') };
}

function globalRows(globalFlags) {
  const ours = new Map(globalFlags.map((f) => [f.name, f]));
  return rclone.global.map((text) => {
    const name = nameOf(text);
    const flag = ours.get(name);
    if (!flag) return { name, status: 'refused', remark: 'unknown' };
    if (flag.notBuilt === undefined) return { name, status: 'same', remark: '' };
    const status = flag.alsoDone ? 'partial' : 'refused';
    return { name, status, remark: flag.notBuilt };
  });
}

function nameOf(text) {
  return /--(\S+)/.exec(text)[1];
}
