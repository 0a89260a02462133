// Drives the functions of rclone.js against a bucket; prints one line per check.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const [, , library, work, bucket] = process.argv;
const rclone = require(library);
const config = join(work, 'rclone.conf');
const src = join(work, 'src');
mkdirSync(join(src, 'sub'), { recursive: true });
writeFileSync(join(src, 'a.txt'), 'hello');
writeFileSync(join(src, 'sub/b.bin'), 'x'.repeat(200000));
const root = `s3:${bucket}/js`;
const p = rclone.promises;
const text = async (...args) => (await p[args[0]](...args.slice(1), { config })).toString();
const json = async (...args) => JSON.parse(await text(...args));
const names = (list) => list.map((e) => e.Path).sort();

function rcat() {
  return new Promise((resolve, reject) => {
    const child = rclone.rcat(`${root}/streamed`, { config });
    child.on('error', reject);
    child.on('close', resolve);
    child.stdin.end('streamed');
  });
}

function progress() {
  return new Promise((resolve, reject) => {
    let seen = '';
    const child = rclone.copy(src, `${root}-p`, { config, progress: true, transfers: 2 });
    child.stdout.on('data', (d) => (seen += d));
    child.on('error', reject);
    child.on('close', (code) => resolve([code, /Transferred:\s+2 \/ 2, 100%/.test(seen)]));
  });
}

const checks = [
  ['version', async () => /^rclone v\d+\.\d+/.test(await text('version')), true],
  ['listremotes', () => text('listremotes'), 's3:\n'],
  ['config file', async () => (await p.config('file', { config })).toString().includes(config), true],
  ['mkdir', () => text('mkdir', `s3:${bucket}`), ''],
  ['copy', () => text('copy', src, root), ''],
  ['lsjson', async () => names(await json('lsjson', root)), ['a.txt', 'sub']],
  ['lsf', () => text('lsf', root), 'a.txt\nsub/\n'],
  ['ls', () => text('ls', root), '        5 a.txt\n   200000 sub/b.bin\n'],
  ['lsl', async () => (await text('lsl', root)).split('\n').length, 3],
  ['lsd', async () => (await text('lsd', root)).endsWith(' sub\n'), true],
  ['cat', () => text('cat', `${root}/a.txt`), 'hello'],
  ['rcat', rcat, 0],
  ['cat of what was streamed', () => text('cat', `${root}/streamed`), 'streamed'],
  ['moveto', () => text('moveto', `${root}/streamed`, `${root}/moved`), ''],
  ['copyto', () => text('copyto', `${root}/moved`, join(work, 'down')), ''],
  ['the downloaded bytes', async () => readFileSync(join(work, 'down'), 'utf8'), 'streamed'],
  ['deletefile', () => text('deletefile', `${root}/moved`), ''],
  ['size', async () => /Total objects: 2\n/.test(await text('size', root)), true],
  ['md5sum', async () => /^5d41402abc4b2a76b9719d911017c592 {2}a\.txt$/m.test(await text('md5sum', root)), true],
  ['hashsum', async () => /a\.txt$/m.test((await p.hashsum('MD5', root, { config })).toString()), true],
  ['tree', async () => /a\.txt/.test(await text('tree', root)), true],
  [
    'flags of every kind',
    async () =>
      (
        await p.lsf(root, { config, 'max-depth': 1, 'fast-list': true, exclude: ['*.txt'], 'ignore-case': false })
      ).toString(),
    'sub/\n',
  ],
  ['progress', progress, [0, true]],
  ['touch', () => text('touch', `${root}/t`), ''],
  ['sync', () => text('sync', src, root), ''],
  ['move', () => text('move', `${root}-p`, `${root}-q`), ''],
  ['delete', () => text('delete', `${root}-q`), ''],
  ['purge', () => text('purge', root), ''],
  ['what is left', async () => names(await json('lsjson', `s3:${bucket}`)), []],
  ['obscure', async () => (await text('obscure', 'word')).trim().length > 8, true],
  [
    'an error rejects',
    () =>
      p.cat('nosuch:x', { config }).then(
        () => 'fine',
        (e) => /nosuch|config/.test(String(e)),
      ),
    true,
  ],
];

async function main() {
  let failed = 0;
  for (const [name, run, expected] of checks) {
    try {
      const got = await run();
      if (JSON.stringify(got) !== JSON.stringify(expected))
        throw new Error(`got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`);
      console.log(`ok ${String(name)}`);
    } catch (e) {
      failed += 1;
      console.log(
        `FAILED ${String(name)}: ${String(e instanceof Error ? e.message : e)
          .replace(/\s+/g, ' ')
          .slice(0, 400)}`,
      );
    }
  }
  process.exit(failed ? 1 : 0);
}

void main();
