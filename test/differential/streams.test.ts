import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleBytes, samples } from '../conformance/suite/trial.ts';
import { obscured } from '../support/layered.ts';
import { findPeer } from '../support/peers.ts';
import { tscloneBin } from '../support/run.ts';
import { startVersitygw, tempDir, type S3Server } from '../support/servers.ts';
import { configText } from './layers.ts';

const rclone = findPeer('rclone');
const MiB = 1024 * 1024;
const total = 300;

const crypt = { type: 'crypt', password: obscured('correct horse') };
const gzip = { type: 'compress', level: '-1' };
const stacks = {
  'crypt-over-compress': [crypt, gzip],
  'compress-over-crypt': [gzip, crypt],
} as const;

/** Digits that compress to about half: far more than compress keeps in memory. No two MiB are equal. */
function* stream(): Generator<Buffer, void, void> {
  samples.kind = 'digits';
  const block = sampleBytes(8 * MiB);
  for (let i = 0; i < total; i++) {
    const chunk = Buffer.from(block.subarray((i % 8) * MiB, ((i % 8) + 1) * MiB));
    chunk.write(String(i).padStart(8, '0'));
    yield chunk;
  }
}

interface Measured {
  readonly code: number | null;
  readonly stderr: string;
  readonly sha256: string;
  /** VmHWM, MB. */
  readonly peak: number;
}

describe.skipIf(!rclone || !findPeer('versitygw'))(`${total} MiB of unknown size`, () => {
  let dir: Awaited<ReturnType<typeof tempDir>>;
  let server: S3Server;

  /** Runs a program, with the stream as its input or not; what it prints is only digested. */
  function measure(program: string, args: readonly string[], input?: Iterable<Buffer>): Promise<Measured> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        env: { PATH: process.env['PATH'] ?? '', HOME: dir.path, RCLONE_CONFIG: join(dir.path, 'rclone.conf') },
        stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      });
      const hash = createHash('sha256');
      let stderr = '';
      let peak = 0;
      const sample = (): void => {
        try {
          const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
          const found = /VmHWM:\s+(\d+) kB/.exec(status);
          if (found) peak = Math.max(peak, (Number(found[1]) * 1024) / 1e6);
        } catch {
          // It has ended.
        }
      };
      const timer = setInterval(sample, 20);
      child.on('error', reject);
      child.stdout?.on('data', (b: Buffer) => hash.update(b));
      child.stderr?.on('data', (b: Buffer) => (stderr += b.toString()));
      child.on('close', (code) => {
        clearInterval(timer);
        resolve({ code, stderr, sha256: hash.digest('hex'), peak });
      });
      const { stdin } = child;
      if (!input || !stdin) return;
      stdin.on('error', () => {});
      const chunks = input[Symbol.iterator]();
      const feed = (): void => {
        for (let next = chunks.next(); !next.done; next = chunks.next()) {
          sample();
          if (!stdin.write(next.value)) {
            stdin.once('drain', feed);
            return;
          }
        }
        stdin.end();
      };
      feed();
    });
  }

  beforeAll(async () => {
    dir = await tempDir();
    server = (await startVersitygw()) as S3Server;
    const s3 = {
      type: 's3',
      provider: 'Other',
      access_key_id: server.accessKeyId,
      secret_access_key: server.secretAccessKey,
      endpoint: server.endpoint,
    };
    const layers = Object.entries(stacks).flatMap(([name, [top, below]]) => [
      [name, { ...top, remote: `${name}-below:` }],
      [`${name}-below`, { ...below, remote: `s3:bucket/${name}` }],
    ]);
    await writeFile(join(dir.path, 'rclone.conf'), configText({ s3, ...Object.fromEntries(layers) }));
    expect((await measure(rclone as string, ['mkdir', 's3:bucket'])).code).toBe(0);
  });
  afterAll(async () => {
    await server?.stop();
    await dir?.remove();
  });

  test.each(Object.keys(stacks))(
    '%s: rcat below 250 MB, the same bytes in rclone',
    async (remote) => {
      const hash = createHash('sha256');
      for (const chunk of stream()) hash.update(chunk);
      const sha256 = hash.digest('hex');

      const written = await measure(process.execPath, [tscloneBin, 'rcat', `${remote}:dump`], stream());
      expect({ code: written.code, stderr: written.stderr }).toEqual({ code: 0, stderr: '' });
      // Without a sample the figure would mean nothing.
      expect(written.peak).toBeGreaterThan(30);
      expect(written.peak).toBeLessThan(250);

      const theirs = await measure(rclone as string, ['cat', `${remote}:dump`]);
      expect({ code: theirs.code, sha256: theirs.sha256 }).toEqual({ code: 0, sha256 });
      const ours = await measure(process.execPath, [tscloneBin, 'cat', `${remote}:dump`]);
      expect({ code: ours.code, sha256: ours.sha256 }).toEqual({ code: 0, sha256 });
      expect(ours.peak).toBeLessThan(250);
      process.stdout.write(`${remote}: rcat ${Math.round(written.peak)} MB, cat ${Math.round(ours.peak)} MB\n`);
    },
    300_000,
  );
});
