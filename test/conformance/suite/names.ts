import { expect } from 'vitest';
import { compareUtf8 } from '../../../src/core/bytes.ts';
import { listAll, type Case } from './trial.ts';

/** Names as rclone shows them: a control character is its picture (`␁`), a dot alone is `．`. */
const oddNames: readonly (readonly [what: string, name: string])[] = [
  ['spaces', ' leading and  double'],
  ['plus', 'a+b c'],
  ['percent', '100% %41 %2F %'],
  ['query and fragment', 'a?b=c&d#e'],
  ['quotes', `it's "quoted" \`so\``],
  ['backslash', 'a\\b'],
  ['XML', '<a>&amp;]]>'],
  ['brackets', 'a[1]{2}(3)*!'],
  ['colon and others', 'a:b;c,d=e@f$g|h~'],
  ['unicode', 'grüße 中文 日本'],
  ['emoji', '😀 smile'],
  ['decomposed', 'e\u0301 and \u00e9'],
  ['full-width slash', 'a／b'],
  ['a dot alone', '．'],
  ['two dots', '．．'],
  ['hidden', '.hidden'],
  ['new line', 'a␊b'],
  ['tab', 'a␉b'],
  ['control 1', 'a␁b'],
  ['delete', 'a␡b'],
  ['quoted picture', 'a‛␊b'],
  ['long', 'n'.repeat(240)],
];

export const nameCases: readonly Case[] = [
  ...oddNames.map(([what, name]): Case => ({
    title: `keeps ${what} in names of objects and directories`,
    async run(t) {
      const inside = `${name}/${name}`;
      await t.put(`one/${name}`, 'first');
      await t.put(`two/${inside}`, 'second');
      expect((await t.get(`one/${name}`)).toString()).toBe('first');
      expect((await t.get(`two/${inside}`)).toString()).toBe('second');
      expect((await t.backend.stat(t.at(`one/${name}`))).path).toBe(t.at(`one/${name}`));
      const objects = (await t.names(true)).filter((n) => !n.endsWith('/'));
      expect(objects.sort(compareUtf8)).toEqual([`one/${name}`, `two/${inside}`]);
      expect((await listAll(t.backend, t.at('two'))).map((e) => [e.kind, e.path])).toEqual([
        ['dir', t.at(`two/${name}`)],
      ]);
      expect((await listAll(t.backend, t.at(`two/${name}`))).map((e) => e.path)).toEqual([t.at(`two/${inside}`)]);
      await t.backend.remove(t.at(`one/${name}`));
      await t.backend.remove(t.at(`two/${inside}`));
      expect((await t.names(true)).filter((n) => !n.endsWith('/'))).toEqual([]);
    },
  })),
  {
    title: 'keeps names apart that a careless client mixes up',
    async run(t) {
      const names = ['a b', 'a+b', 'a%20b', 'a%2Bb', 'A b', 'a  b', 'a\u0301', 'á'];
      for (const name of names) await t.put(name, `content of ${name}`);
      expect((await t.names()).sort(compareUtf8)).toEqual([...names].sort(compareUtf8));
      for (const name of names) expect((await t.get(name)).toString()).toBe(`content of ${name}`);
    },
  },
];
