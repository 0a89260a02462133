import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { run, tsclone, type RunResult } from '../support/run.ts';
import { tempDir } from '../support/servers.ts';

const rclone = findPeer('rclone');

/** Texts are each program's own: what is compared is the exit code and where something is printed. */
describe.skipIf(rclone === undefined)('asking for help', () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  beforeAll(async () => void (dir = await tempDir()));
  afterAll(() => dir.remove());

  test.each([
    [[]],
    [['help']],
    [['--help']],
    [['-h']],
    [['ls', '--help']],
    [['ls', '-h', 'x:', 'y:']],
    [['help', 'copy']],
    [['help', 'flags']],
    [['help', 'flags', 'Copy']],
    [['help', 'flags', 'max-transfer']],
    [['help', 'flags', '--group', 'Filter']],
    [['help', 'backends']],
    [['help', 'backend', 'crypt']],
    [['help', 'backend', 'nosuch']],
    [['completion']],
    [['completion', '--help']],
    [['completion', 'bash', '-']],
    [['genautocomplete', 'fish', '-']],
    [['config', 'encryption']],
    [['config', 'create', '--help']],
    [['serve']],
    [['lss']],
    [['__complete', 'lsjs']],
  ])('%j', async (args) => {
    const o = { cwd: dir.path, env: { RCLONE_CONFIG: '/dev/null' } };
    const [theirs, ours] = await Promise.all([run(rclone as string, args, o), tsclone(args, o)]);
    const shape = ({ code, stdout, stderr }: RunResult) => ({ code, stdout: stdout.length > 0, stderr: stderr !== '' });
    // rclone tells on standard error how it completes.
    if (args[0] === '__complete') expect({ ...shape(theirs), stderr: false }).toEqual(shape(ours));
    else expect(shape(ours)).toEqual(shape(theirs));
  });
});
