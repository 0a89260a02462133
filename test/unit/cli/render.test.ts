import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Activity } from '../../../src/cli/render/activity.ts';
import { createLogger, parseLogFormat } from '../../../src/cli/render/log.ts';
import { startProgress, type ProgressOptions } from '../../../src/cli/render/progress.ts';
import { statsLines, statsObject, statsText, type StatsStyle } from '../../../src/cli/render/stats.ts';
import { TscloneError } from '../../../src/core/errors.ts';
import { Accounting } from '../../../src/operations/accounting.ts';

const plain: StatsStyle = { oneLine: false, unit: 'bytes', nameWidth: 45 };
let seconds = 0;
let accounting: Accounting;
let activity: Activity;
const source = () => ({ accounting, activity });
const bytes = (path: string, n: number): void => {
  accounting.bytes += n;
  activity.onEvent({ type: 'transfer.bytes', path, bytes: n });
};

beforeEach(() => {
  seconds = 0;
  accounting = new Accounting();
  activity = new Activity(() => seconds);
});

describe('statistics', () => {
  test('nothing happened', () => {
    expect(statsText(source(), plain)).toBe(
      '\nTransferred:   \t          0 B / 0 B, -, 0 B/s, ETA -\nElapsed time:         0.0s\n',
    );
  });

  test('every line that there is', () => {
    Object.assign(accounting, {
      totalBytes: 2 ** 20,
      bytes: 2 ** 19,
      checks: 3,
      listed: 7,
      deletes: 2,
      deletedDirs: 1,
      deletedBytes: 1024,
      renames: 4,
      transfers: 1,
      totalTransfers: 2,
      serverSideCopies: 1,
      serverSideCopyBytes: 2,
      serverSideMoves: 1,
      serverSideMoveBytes: 4,
    });
    accounting.error(new Error('x'));
    seconds = 3723.45;
    expect(statsLines(source(), plain)).toEqual([
      'Transferred:   \t      512 KiB / 1 MiB, 50%, 0 B/s, ETA -',
      'Errors:                 1 (retrying may help)',
      'Checks:                 3 / 3, 100%, Listed 7',
      'Deleted:                2 (files), 1 (dirs), 1 KiB (freed)',
      'Renamed:                4',
      'Transferred:            1 / 2, 50%',
      'Server Side Copies:      1 @ 2 B',
      'Server Side Moves:       1 @ 4 B',
      'Elapsed time:     1h2m3.4s',
    ]);
  });

  test.each([
    ['fatal', 'high', ' (fatal error encountered)'],
    ['other', 'no', ' (no need to retry)'],
    ['other', 'high', ' (retrying may help)'],
  ] as const)('a %s error with retry %s', (code, retry, note) => {
    accounting.error(new TscloneError(code, 'x', { retry }));
    expect(statsLines(source(), plain)[1]).toBe(`Errors:                 1${note}`);
  });

  test('what is under way has a row each, with speed and time left', () => {
    accounting.totalBytes = 3_000_000;
    activity.onEvent({ type: 'check.start', path: 'looked at' });
    activity.onEvent({ type: 'transfer.start', path: 'big', size: 2_000_000 });
    activity.onEvent({ type: 'transfer.start', path: 'stream' });
    seconds = 1;
    bytes('big', 500_000);
    seconds = 2;
    bytes('big', 500_000);
    bytes('stream', 1000);
    expect(statsLines(source(), plain).slice(-5)).toEqual([
      'Checking:',
      ` * ${' '.repeat(36)}looked at: checking`,
      'Transferring:',
      ` * ${' '.repeat(42)}big: 50% / 1.907 MiB, 488.281 KiB/s, 2s`,
      ` * ${' '.repeat(39)}stream:  0% / off, 500 B/s, 0s`,
    ]);
    expect(statsLines(source(), plain)[0]).toMatch(/, 488\.770 KiB\/s, ETA 4s$/);
    expect(statsObject(source())).toMatchObject({
      speed: 500_500,
      eta: 4,
      checking: ['looked at'],
      transferring: [
        { name: 'big', bytes: 1_000_000, size: 2_000_000, percentage: 50, eta: 2 },
        { name: 'stream', size: -1, eta: null },
      ],
    });
    activity.onEvent({ type: 'check.done', path: 'looked at' });
    activity.onEvent({ type: 'transfer.done', path: 'big', bytes: 1 });
    activity.onEvent({ type: 'transfer.failed', path: 'stream', code: 'other', message: 'x' });
    expect(statsLines(source(), plain).at(-1)).toMatch(/^Elapsed/);
    expect(activity.transferTime).toBe(2);
  });

  test('long names keep both ends', () => {
    activity.onEvent({ type: 'transfer.start', path: 'abcdefghijklmnopqrstuvwxyz', size: 1 });
    expect(statsLines(source(), { ...plain, nameWidth: 10 }).at(-1)).toMatch(/^ \* abcde…wxyz: /);
    expect(statsLines(source(), { ...plain, nameWidth: 0 }).at(-1)).toMatch(/^ \* abcdefghijklmnopqrstuvwxyz: /);
  });

  test('one line, with its queue, a date and bits', () => {
    Object.assign(accounting, { totalBytes: 1000, transfers: 1, totalTransfers: 2 });
    activity.onEvent({ type: 'transfer.start', path: 'a', size: 1000 });
    seconds = 1;
    bytes('a', 500);
    const style: StatsStyle = { oneLine: true, unit: 'bits', nameWidth: 45, datePrefix: '2006 - ' };
    expect(statsText(source(), style)).toMatch(
      /^20\d\d - {9}500 B \/ 1000 B, 50%, 3\.906 Kibit\/s, ETA 1s \(xfr#1\/2\)$/,
    );
  });
});

describe('log lines', () => {
  const written = (format: string, act: (l: ReturnType<typeof createLogger>) => void): string => {
    let text = '';
    act(createLogger('info', (t) => (text += t), { format: parseLogFormat(format), pid: 42 }));
    return text;
  };

  test.each([
    ['date,time', /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d INFO {2}: a: done\n$/],
    ['', /^INFO {2}: a: done\n$/],
    ['date,pid', /^\d{4}\/\d\d\/\d\d \[42\] INFO {2}: a: done\n$/],
    ['microseconds', /^\d\d:\d\d:\d\d\.\d{6} INFO {2}: a: done\n$/],
    ['Date,NoLevel', /^\d{4}\/\d\d\/\d\d a: done\n$/],
  ])('%s', (format, line) => {
    expect(written(format, (l) => l.log('info', 'done', 'a'))).toMatch(line);
  });

  test('for the journal each line has its priority and no time', () => {
    let text = '';
    const logger = createLogger('debug', (t) => (text += t), { journal: true });
    for (const level of ['debug', 'info', 'notice', 'error', 'critical'] as const) logger.log(level, 'of\ntwo lines');
    const [second, ...rest] = text.split('\n').filter((line) => !/^<\d>[A-Z]+ *: of$/.test(line));
    expect(second).toBe('<7>two lines');
    expect(rest).toEqual(['<6>two lines', '<5>two lines', '<3>two lines', '<2>two lines', '']);
  });

  test('JSON holds the extra facts and the object', () => {
    const text = written('json', (l) => l.log('notice', 'Skipped copy', 'a/b', { skipped: 'copy', size: 3 }));
    expect(Object.keys(JSON.parse(text) as object)).toEqual(
      'time level msg skipped size object objectType source'.split(' '),
    );
    expect(JSON.parse(text)).toMatchObject({ level: 'notice', msg: 'Skipped copy', size: 3, object: 'a/b' });
  });

  test('lower levels are left out', () => {
    expect(written('', (l) => l.log('debug', 'x'))).toBe('');
  });

  test('an unknown word is refused, and so is what is not built', () => {
    expect(() => parseLogFormat('date,bogus')).toThrow(/invalid choice "bogus" from: date, time/);
    expect(() => parseLogFormat('shortfile')).toThrow(/not built/);
  });

  test('control characters of names never come through', () => {
    expect(written('', (l) => l.log('error', 'x', 'a\u001b[2Jb'))).toBe('ERROR : a\\x1b[2Jb: x\n');
  });
});

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const start = (o: Partial<ProgressOptions>) => {
    let text = '';
    const progress = startProgress(source(), {
      write: (t) => (text += t),
      columns: () => undefined,
      intervalMs: 500,
      style: plain,
      title: false,
      ...o,
    });
    return { progress, take: () => [text, (text = '')][0] };
  };
  const block = 'Transferred:   \t          0 B / 0 B, -, 0 B/s, ETA -\nElapsed time:         0.0s';

  test('without a terminal blocks follow each other and nothing moves', () => {
    const { progress, take } = start({});
    vi.advanceTimersByTime(1000);
    expect(take()).toBe(block + block);
    progress.log('a line\n');
    expect(take()).toBe(`\na line\n${block}`);
    progress.stop();
    expect(take()).toBe(`${block}\n`);
    vi.advanceTimersByTime(5000);
    expect(take()).toBe('');
  });

  test('on a terminal the block before is erased and lines fit', () => {
    const { progress, take } = start({ columns: () => 20 });
    const cut = 'Transferred:   \t    \nElapsed time:       ';
    vi.advanceTimersByTime(500);
    expect(take()).toBe(`\u001b[2K\u001b[1G${cut}`);
    vi.advanceTimersByTime(500);
    expect(take()).toBe(`\u001b[2K\u001b[1A\u001b[2K\u001b[1G${cut}`);
    progress.log('a line\n');
    expect(take()).toBe(`\n\u001b[1A\u001b[2K\u001b[1A\u001b[2K\u001b[2K\u001b[1Ga line\n${cut}`);
    progress.stop();
  });

  test('the title shows the time left and is cleared', () => {
    const { progress, take } = start({ columns: () => 80, title: true });
    vi.advanceTimersByTime(500);
    expect(take()).toContain('\u001b]0;ETA: -\u0007');
    progress.stop();
    expect(take()?.endsWith('\n\u001b]0;\u0007')).toBe(true);
  });
});
