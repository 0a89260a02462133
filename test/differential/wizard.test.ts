import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromUtf8 } from '../../src/core/bytes.ts';
import { reveal } from '../../src/core/obscure.ts';
import { findPeer } from '../support/peers.ts';
import { runOnPty } from '../support/pty.ts';
import { run, tsclone, tscloneBin } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';
import { advancedOfR2, questionsOf, sortedConfig } from '../support/wizard.ts';

const rclone = findPeer('rclone');
const python = findPeer('python3');
const times = (n: number, answer = ''): string[] => Array.from({ length: n }, () => answer);

interface Session {
  readonly name: string;
  readonly before?: string;
  readonly answers: readonly string[];
}

const r2Basics = ['Cloudflare', '', 'AK', 'SK', 'auto', 'https://ACCOUNT_ID.r2.cloudflarestorage.com', ''];
/** Answers for all of them; Enter where nothing is given. */
const r2Advanced = (given: Readonly<Record<string, readonly string[]>>): string[] =>
  advancedOfR2.flatMap((name) => given[name] ?? ['']);

const sessions: Session[] = [
  {
    name: 'the recipe for R2, step by step',
    answers: ['n', 'r2_backups', 's3', ...r2Basics, 'y', ...r2Advanced({ no_check_bucket: ['true'] }), 'n', 'y', 'q'],
  },
  {
    name: 'the same by numbers',
    answers: ['n', 'r2', '4', '7', '1', 'AK', 'SK', '1', 'https://x', 'false', 'n', '', 'q'],
  },
  {
    name: 'AWS by numbers',
    answers: ['n', 'aws', 's3', '1', '2', '', '', '11', '', '11', '2', '2', '1', '4', '', '', '', 'q'],
  },
  { name: 'Wasabi', answers: ['n', 'w', 's3', 'Wasabi', '', 'AK', 'SK', '1', '3', '', '1', '', 'n', 'y', 'q'] },
  {
    name: 'Minio',
    answers: ['n', 'm', 's3', 'Minio', '', 'AK', 'SK', '2', 'http://127.0.0.1:9000', '', '', '', '', '', 'n', 'y', 'q'],
  },
  { name: 'OVHcloud', answers: ['n', 'o', 's3', '33', '', 'AK', 'SK', '1', '2', '1', '3', '', '', 'y', 'q'] },
  { name: 'Selectel', answers: ['n', 'o', 's3', 'Selectel', '', 'AK', 'SK', '5', '6', '', '', 'y', 'q'] },
  {
    name: 'IBMCOS',
    answers: ['n', 'i', 's3', 'IBMCOS', '', 'AK', 'SK', '', '20', '17', '1', 'KEY', 'ID', '', 'n', 'y', 'q'],
  },
  {
    name: 'another service',
    answers: ['n', 'o', 's3', 'Other', '', 'AK', 'SK', '', 'http://x', '', '1', '', 'n', 'y', 'q'],
  },
  { name: 'a provider that nobody knows', answers: ['n', 'o', 's3', 'Nobody', '', 'AK', 'SK', '', '', 'y', 'q'] },
  {
    name: 'values that do not parse',
    answers: [
      'n',
      'o',
      's3',
      'Cloudflare',
      'maybe',
      'TRUE',
      '',
      '',
      '99',
      '',
      '',
      'x',
      'T',
      'y',
      ...r2Advanced({
        upload_cutoff: ['200X', 'x', '300M'],
        chunk_size: ['-1', '7'],
        max_upload_parts: ['12a', '1_000', '77'],
        upload_concurrency: [''],
        list_chunk: ['1.5', '0x10'],
        list_url_encode: ['maybe', 'True'],
        use_x_id: ['unset'],
        encoding: ['Foo', 'Slash,Dot'],
        version_at: ['when', '2020-02-30', '2020-02-03T04:05:06Z'],
        sdk_log_mode: ['Foo', 'Signing,Request'],
        object_lock_mode: ['4', '2'],
        description: ['a remark'],
      }),
      'n',
      'y',
      'q',
    ],
  },
  {
    name: 'names that are refused',
    before: '[m]\ntype = memory\n',
    answers: ['n', '', 'a/b', '-x', 'x ', ':m', 'm', 'ü b+c@d.e', 'nosuch', '', '0', '99', '31', '', '', 'q'],
  },
  {
    name: 'letters that are refused',
    before: '[m]\ntype = memory\n',
    answers: ['', 'x', 'new', 'Q'],
  },
  {
    name: 'advanced options are offered again',
    answers: ['n', 'm', 'memory', 'y', 'true', 'a', 'y', 'false', '', 'n', 'e', 'n', 'y', 'q'],
  },
  { name: 'a remote that is not kept', answers: ['n', 'm', 'memory', '', 'd', 'n', 'm', 'memory', '', '', 'q'] },
  { name: 'alias', answers: ['n', 'a', 'alias', '', 'm:x', '', '', 'q'] },
  { name: 'local', answers: ['n', 'l', '37', 'y', '1', ...times(16), '3', 'md5', 'Slash', 'd', 'n', 'y', 'q'] },
  {
    name: 'edit',
    before:
      '[m]\ntype = memory\n\n[r2]\ntype = s3\nprovider = Cloudflare\naccess_key_id = AK\nsecret_access_key = SK\n',
    answers: ['e', 'nosuch', '0', '2', '', '', 'OTHER', '', 'auto', 'https://y', '', 'n', 'e', ...times(8), 'y', 'q'],
  },
  {
    name: 'edit values of the wrong kind',
    before: '[r2]\ntype = s3\nprovider = Cloudflare\nenv_auth = perhaps\nchunk_size = 7M\nupload_cutoff = x\n',
    answers: ['e', 'r2', ...times(7), 'y', ...r2Advanced({}), 'n', 'y', 'q'],
  },
  {
    name: 'rename, copy, delete',
    before: '# about b\n[b]\ntype = memory\n# about d\ndescription = x\n\n[a]\ntype = alias\nremote = b:\n',
    answers: ['r', '2', '', 'a', 'c', 'c', '1', 'd', 'd', 'c', 'd', '2', 'q'],
  },
  {
    name: 'crypt with typed passwords',
    answers: [
      'n',
      'c',
      'crypt',
      'm:x',
      '3',
      '2',
      '',
      'y',
      '',
      'pw',
      'px',
      'pässwörd',
      'pässwörd',
      'y',
      'two',
      'two',
      'n',
      'e',
      '',
      '',
      '',
      '',
      'y',
      'new',
      'new',
      'n',
      'y',
      'q',
    ],
  },
  {
    name: 'crypt without a second password',
    answers: [
      'n',
      'c',
      'crypt',
      'm:x',
      '',
      '',
      'y',
      'pw',
      'pw',
      '',
      'n',
      'y',
      'e',
      '1',
      '',
      '',
      '',
      '',
      'n',
      '',
      'y',
      'q',
    ],
  },
  {
    name: 'generated passwords',
    answers: [
      'n',
      'c',
      'crypt',
      'm:x',
      '',
      '',
      'g',
      'x',
      '63',
      '1025',
      '128',
      'n',
      '64',
      '',
      'g',
      '1024',
      'y',
      '',
      '',
      'q',
    ],
  },
  {
    name: 'the password of the file',
    before: '[m]\ntype = memory\n',
    answers: ['s', 'x', 'a', '', 'one', 'two', 'one', 'one', 'c', 'two', 'two', 'u', 'q', 'q'],
  },
  {
    name: 'a file that stays encrypted',
    before: '[m]\ntype = memory\n',
    answers: ['s', 'a', 'one', 'one', 'q', 'n', 'k', 'memory', '', '', 'q'],
  },
];

/** Passwords are obscured with another random each time. */
function shownConfig(text: string): string {
  return sortedConfig(text).replace(/^(password2? = )(.+)$/gm, (_, key: string, value: string) => {
    const plain = fromUtf8(reveal(value));
    return key + (/^[\w-]{11,}$/.test(plain) ? `${plain.length} letters` : plain);
  });
}

describe.skipIf(rclone === undefined || python === undefined)('config asks what rclone asks', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  beforeAll(async () => void (dir = await tempDir()));
  afterAll(() => dir.remove());
  const programs = [
    ['theirs', [rclone as string]],
    ['ours', [process.execPath, tscloneBin]],
  ] as const;
  let count = 0;

  async function both(s: Session, drive: (argv: string[], env: Record<string, string>) => Promise<string>) {
    const results: { questions: string[]; config: string }[] = [];
    count += 1;
    for (const [name, argv] of programs) {
      const conf = join(dir.path, `${count}-${name}.conf`);
      writeFileSync(conf, s.before ?? '', { mode: 0o600 });
      const screen = await drive([...argv, 'config'], { RCLONE_CONFIG: conf });
      const text = readFileSync(conf, 'utf8');
      const password = s.name.includes('encrypted') ? { RCLONE_CONFIG_PASS: 'one' } : undefined;
      const config = password
        ? (await tsclone(['config', 'show', '--config', conf], { env: password })).stdout.toString()
        : shownConfig(text);
      if (password) expect(text).toContain('RCLONE_ENCRYPT_V0:');
      results.push({ questions: questionsOf(screen.replaceAll(conf, 'CONF')), config });
    }
    return results as [(typeof results)[0], (typeof results)[0]];
  }

  /** 1.76 knows more providers and places: they stand behind those of 1.75. */
  function withoutNewer(ours: readonly string[], theirs: readonly string[]): string[] {
    const known = new Set(theirs);
    return ours.filter((line) => known.has(line) || !/^\d+: \(/.test(line));
  }

  test.each(sessions.map((s) => [s.name, s] as const))(
    'on a terminal: %s',
    async (_name, s) => {
      const [theirs, ours] = await both(s, async (argv, env) => {
        const done = await runOnPty(python as string, argv, { cwd: dir.path, env, answers: s.answers });
        expect(done.code).toBe(0);
        return done.screen;
      });
      expect(theirs.questions.length).toBeGreaterThan(5);
      expect(withoutNewer(ours.questions, theirs.questions)).toEqual(theirs.questions);
      expect(ours.config).toBe(theirs.config);
    },
    120_000,
  );

  const piped = [
    'the recipe for R2, step by step',
    'names that are refused',
    'crypt with typed passwords',
    'rename, copy, delete',
  ];
  test.each(sessions.filter((s) => piped.includes(s.name)).map((s) => [s.name, s] as const))(
    'on a pipe: %s',
    async (_name, s) => {
      const [theirs, ours] = await both(s, async ([program, ...args], env) => {
        const stdin = `${s.answers.join('\n')}\n`;
        const done = await run(program as string, args, { cwd: dir.path, env, stdin });
        expect(done.code).toBe(0);
        return done.stdout.toString();
      });
      expect(withoutNewer(ours.questions, theirs.questions)).toEqual(theirs.questions);
      expect(ours.config).toBe(theirs.config);
    },
    120_000,
  );
});
