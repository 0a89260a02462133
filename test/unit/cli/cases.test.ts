import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { globalFlags } from '../../../src/options/global.ts';
import { cli } from '../../support/cli.ts';

/** Flags that scripts know from rclone: each has a case in which both programs run. */
const flags = `
  --include --include-from --exclude --exclude-from --filter --filter-from --files-from --files-from-raw --files-from0
  --ignore-case --min-size --max-size --min-age --max-age --exclude-if-present --hash-filter --max-depth --dump
  --metadata-include --metadata-include-from --metadata-exclude --metadata-exclude-from --metadata-filter --metadata-filter-from
  --checksum --size-only --ignore-times --update --ignore-existing --immutable --modify-window --use-server-modtime
  --no-update-modtime --no-update-dir-modtime --refresh-times --ignore-size --ignore-checksum --ignore-case-sync
  --no-unicode-normalization --no-check-dest --no-traverse --fast-list --check-first --max-backlog --order-by
  --backup-dir --suffix --suffix-keep-extension --delete-before --delete-during --delete-after --delete-excluded
  --max-delete --max-delete-size --ignore-errors --track-renames --track-renames-strategy --compare-dest --copy-dest
  --create-empty-src-dirs --delete-empty-src-dirs --max-transfer --max-duration --cutoff-mode
  --server-side-across-configs --metadata --metadata-set --metadata-mapper --inplace --partial-suffix
  --error-on-no-transfer --retries --retries-sleep --low-level-retries --transfers --checkers
  --tpslimit --tpslimit-burst --bwlimit --bwlimit-file --dry-run --interactive
  --links --local-links --copy-links --skip-links --one-file-system
  --fix-case --dest-after
  --combined --differ --match --missing-on-src --missing-on-dst --error
  --progress --stats --stats-one-line --stats-one-line-date --stats-log-level --stats-unit --use-json-log --log-file --log-level
  --log-format --verbose --quiet --default-time --human-readable --streaming-upload-cutoff
`
  .trim()
  .split(/\s+/);

const shorts = new Map([
  ...globalFlags.flatMap((f): [string, string][] => (f.short === undefined ? [] : [[`--${f.name}`, f.short]])),
  ['--copy-links', 'L'],
  ['--one-file-system', 'x'],
]);

/** What the differential suite runs: its files without their comments. */
async function sources(): Promise<string> {
  const dir = fileURLToPath(new URL('../../differential', import.meta.url));
  const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
  return texts.join('\n').replace(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '');
}

test('every flag that scripts know from rclone is compared with rclone', async () => {
  const text = await sources();
  const isUsed = (flag: string): boolean => {
    const short = shorts.get(flag);
    const variable = `RCLONE_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`;
    return (
      new RegExp(`${flag}(?![-\\w])`).test(text) ||
      new RegExp(`\\b${variable}\\b`).test(text) ||
      (short !== undefined && new RegExp(`['"\` ]-[a-zA-Z]*${short}[a-zA-Z]*(?=['"\` =])`).test(text))
    );
  };
  expect(flags.filter((flag) => !isUsed(flag))).toEqual([]);
  // The check itself can fail.
  expect(isUsed('--no-such-flag')).toBe(false);
});

test.each([
  [['lss', 't'], /unknown command "lss" for "tsclone" \(did you mean "ls"\?\)/],
  [['config', 'shw'], /did you mean "config show"\?/],
  [['ls', '--max-dept', '1', 't'], /unknown flag: --max-dept \(did you mean --max-depth\?\)/],
  [['ls', '--s3-chunk-sise', '5M', 't'], /did you mean --s3-chunk-size\?/],
  [['ls', 'remot:x'], /didn't find section in config file \("remot"\) \(did you mean "remote:"\?\)/],
  [['ls', 's3://my-bucket'], /didn't find section in config file \("s3"\) \(remotes are written name:bucket\/path;/],
  [['lsf', 'remote,descripton=x:'], /option "descripton" is unknown to type memory, which ignores it: did you mean/],
])('a mistyped word gets a suggestion: %j', async (args, says) => {
  const { stderr } = await cli(args, { env: { RCLONE_CONFIG_REMOTE_TYPE: 'memory' } });
  expect(stderr).toMatch(says);
});

test('an unknown flag prints two lines', async () => {
  const { code, stdout, stderr } = await cli(['ls', '--frobnicate', 't']);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(2);
});
