import { commands } from '../commands/index.ts';

/** First words of commands by what they are for, in the order of the overview. */
const groups: readonly (readonly [title: string, words: string])[] = [
  ['Look', 'ls lsl lsd lsf lsjson tree size about cat link'],
  ['Store', 'rcat copyurl touch mkdir'],
  ['Copy', 'copy copyto move moveto sync'],
  ['Remove', 'delete deletefile purge rmdir rmdirs dedupe cleanup'],
  ['Verify', 'check checksum cryptcheck hashsum md5sum sha1sum'],
  ['Set up', 'config listremotes obscure reveal doctor explain completion'],
  ['Other', 'backend cryptdecode settier serve demo version help'],
];

export interface CommandGroup {
  readonly title: string;
  /** First words of its commands. */
  readonly words: readonly string[];
}

/** The groups with what is there; what no group names stands under the last one. */
export function commandGroups(): CommandGroup[] {
  const there = new Set([...commands.map((c) => c.name.split(' ')[0] as string), 'help']);
  const named = groups.map(([title, words]) => ({ title, words: words.split(' ').filter((w) => there.has(w)) }));
  const known = new Set(named.flatMap((g) => g.words));
  const last = named.at(-1) as (typeof named)[0];
  last.words.push(...[...there].filter((word) => !known.has(word)));
  return named;
}

/** Commands near this one: those that begin with the same word, else those of its group. */
export function siblings(name: string): string[] {
  const [first = ''] = name.split(' ');
  const family = commands.map((c) => c.name).filter((other) => other.split(' ')[0] === first);
  if (family.length > 8 && name !== first) return [first];
  const near = family.length > 1 ? family : (commandGroups().find((g) => g.words.includes(first))?.words ?? []);
  return near.filter((other) => other !== name && other !== 'help');
}
