// Side by side with rclone over a real S3 server on loopback: CPU seconds, wall seconds, peak memory (VmHWM), as ratios.
//   npm run bench                    300 MiB streams, through layers too, and 1000 small files
//   npm run bench -- 3072            also a stream of this many MiB (memory must not grow with it)
//   npm run bench -- --only layers   one group: streams, layers or files
//   npm run bench -- 3072 --save     keeps the figures for docs/about/performance.md (then: npm run docs)
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';

const MiB = 1024 * 1024;
const bin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));
const find = (name) =>
  process.env.PATH.split(delimiter)
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));
const [rclone, versitygw] = [find('rclone'), find('versitygw')];
if (!rclone || !versitygw) {
  console.error('bench: rclone and versitygw must be on PATH (scripts/peers.sh installs them)');
  process.exit(1);
}

const dir = mkdtempSync(join(tmpdir(), 'tsclone-bench-'));
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const found = probe.address().port;
    probe.close(() => resolve(found));
  });
});
mkdirSync(join(dir, 'data'));
const server = spawn(versitygw, ['--port', `127.0.0.1:${port}`, 'posix', join(dir, 'data')], {
  env: { ...process.env, ROOT_ACCESS_KEY: 'AKBENCH', ROOT_SECRET_KEY: 'SKBENCH' },
  stdio: 'ignore',
});
const conf = join(dir, 'rclone.conf');
// Layers over S3. rclone stores gzip uncompressed and never ends on zstd when no level is given.
const layers = {
  crypt: { type: 'crypt', remote: 'b:bench/crypt', password: 'Wmd7wUqWZ6mmkx46e9P2KJvfmuAbHg' },
  gzip: { type: 'compress', remote: 'b:bench/gzip', level: '-1' },
  zstd: { type: 'compress', remote: 'b:bench/zstd', mode: 'zstd', level: '2' },
  'gzip-crypt': { type: 'compress', remote: 'crypt:gzip', level: '-1' },
};
const sections = Object.entries(layers).map(
  ([name, o]) =>
    `\n[${name}]\n${Object.entries(o)
      .map(([k, v]) => `${k} = ${v}\n`)
      .join('')}`,
);
writeFileSync(
  conf,
  `[b]\ntype = s3\nprovider = Other\naccess_key_id = AKBENCH\nsecret_access_key = SKBENCH\nendpoint = http://127.0.0.1:${port}\nno_check_bucket = true\n${sections.join('')}`,
);
const programs = { rclone: [rclone], tsclone: [process.execPath, bin] };

/** Runs a program; feeds `stdin` (an iterable of buffers); answers CPU and wall seconds, peak memory in MiB, digest of stdout. */
function measure(name, args, stdin) {
  return new Promise((resolve) => {
    const [program, ...first] = programs[name];
    const started = performance.now();
    const child = spawn(program, [...first, ...args], {
      cwd: dir,
      env: { ...process.env, RCLONE_CONFIG: conf },
      stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'inherit'],
    });
    const hash = createHash('sha256');
    let peak = 0;
    let ticks = 0;
    const sample = () => {
      try {
        peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
        const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
        ticks = Number(stat[11]) + Number(stat[12]);
      } catch {
        // It has ended.
      }
    };
    const timer = setInterval(sample, 20);
    child.stdout.on('data', (b) => hash.update(b));
    child.stdin?.on('error', () => {});
    if (stdin) {
      void (async () => {
        for (const chunk of stdin)
          if (!child.stdin.write(chunk)) await new Promise((r) => child.stdin.once('drain', r));
        child.stdin.end();
      })();
    }
    child.on('close', (code) => {
      clearInterval(timer);
      const wall = (performance.now() - started) / 1000;
      resolve({ code, cpu: ticks / 100, wall, peak: Math.round(peak), sha256: hash.digest('hex') });
    });
  });
}

const block = randomBytes(8 * MiB);
/** Random bytes, of which none repeats. */
function* noise(mib, hash) {
  for (let left = mib; left > 0; left -= 1) {
    const at = ((left * 7) % 8) * MiB;
    const chunk = Buffer.from(block.subarray(at, at + MiB));
    chunk.writeUInt32LE(left, 0);
    hash?.update(chunk);
    yield chunk;
  }
}

/** Rows as a database dump has them; gzip makes about a third of them. */
function* dump(mib, hash) {
  for (let left = mib; left > 0; left -= 1) {
    let text = '';
    for (let i = 0; text.length < MiB; i++) {
      const at = (left * 8191 + i * 24) % (8 * MiB - 24);
      text += `INSERT INTO orders VALUES (${left * 10_000 + i}, '${block.toString('base64', at, at + 15)}', 'customer ${i % 500}', ${block.readUInt16LE(at + 15)}.50);\n`;
    }
    const chunk = Buffer.from(text).subarray(0, MiB);
    hash?.update(chunk);
    yield chunk;
  }
}

const rows = [];
const kept = [];
function report(what, results, mib) {
  const { rclone: r, tsclone: t } = results;
  const figures = ({ cpu, wall, peak }) => ({ cpuSeconds: cpu, wallSeconds: Number(wall.toFixed(2)), peakMiB: peak });
  kept.push({ what, mib: mib ?? 0, rclone: figures(r), tsclone: figures(t) });
  rows.push({
    what,
    'rclone cpu s': r.cpu.toFixed(2),
    'tsclone cpu s': t.cpu.toFixed(2),
    'cpu ratio': (t.cpu / r.cpu).toFixed(2),
    'rclone s/GiB': mib ? ((r.cpu * 1024) / mib).toFixed(1) : '',
    'tsclone s/GiB': mib ? ((t.cpu * 1024) / mib).toFixed(1) : '',
    'rclone MiB': r.peak,
    'tsclone MiB': t.peak,
    'wall ratio': (t.wall / r.wall).toFixed(2),
  });
}

/** Both programs store a stream and read what they stored; each also reads the other's. */
async function streams(what, mib, body, target) {
  const up = {};
  const down = {};
  for (const name of ['rclone', 'tsclone']) {
    const hash = createHash('sha256');
    up[name] = await measure(name, ['rcat', target(name), '-q'], body(mib, hash));
    const digest = hash.digest('hex');
    for (const reader of ['rclone', 'tsclone']) {
      const got = await measure(reader, ['cat', target(name)]);
      if (got.sha256 !== digest) throw new Error(`${reader} cat of what ${name} stored by ${what} differs`);
      if (reader === name) down[name] = got;
    }
  }
  report(`rcat ${what}`, up, mib);
  report(`cat ${what}`, down, mib);
}

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const wanted = (group) => only === undefined || only === group;
const sizes = process.argv
  .slice(2)
  .filter((a) => /^\d+$/.test(a))
  .map(Number);

async function files() {
  mkdirSync(join(dir, 'small'));
  for (let i = 0; i < 1000; i++) writeFileSync(join(dir, 'small', `f${i}`), `body of ${i}`);
  const sets = {
    'copy 1000 files up': (n) => ['copy', 'small', `b:bench/small-${n}`],
    'sync again, nothing to do': (n) => ['sync', 'small', `b:bench/small-${n}`],
    'ls 1000 files': (n) => ['ls', `b:bench/small-${n}`],
  };
  for (const [what, args] of Object.entries(sets)) {
    const results = {};
    for (const name of ['rclone', 'tsclone']) results[name] = await measure(name, args(name));
    report(what, results);
  }
}

try {
  await new Promise((r) => setTimeout(r, 1000));
  await measure('rclone', ['mkdir', 'b:bench', '--s3-no-check-bucket=false']);
  if (wanted('streams'))
    for (const mib of [300, ...sizes]) await streams(`${mib} MiB`, mib, noise, (n) => `b:bench/${n}-${mib}`);
  if (wanted('layers'))
    for (const layer of Object.keys(layers)) {
      if (layer === 'zstd' && !('zstdCompress' in zlib)) {
        console.log(`zstd is left out: Node ${process.versions.node} cannot write it`);
        continue;
      }
      await streams(`300 MiB through ${layer}`, 300, dump, (n) => `${layer}:${n}`);
    }
  if (wanted('files')) await files();
  console.log(`${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}, versitygw on loopback`);
  console.table(rows);
  if (process.argv.includes('--save')) {
    const [, release = ''] = /v(\d+\.\d+\.\d+)/.exec(execFileSync(rclone, ['version'], { encoding: 'utf8' })) ?? [];
    const machine = `${cpus().length} × ${cpus()[0].model}`;
    const result = { machine, node: process.versions.node, rclone: release, rows: kept };
    writeFileSync(new URL('result.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  server.kill();
  rmSync(dir, { recursive: true, force: true });
}
