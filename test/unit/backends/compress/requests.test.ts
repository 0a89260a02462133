import { describe, expect, test } from 'vitest';
import { collect } from '../../../../src/core/bytes.ts';
import { sampleBytes, samples } from '../../../conformance/suite/trial.ts';
import { obscured, onServer, put, sessionWith } from '../../../support/layered.ts';
import { startOwnServer, type OwnServer } from '../../../support/own-server.ts';

samples.kind = 'digits';
const MiB = 1_048_576;
const text = sampleBytes(12 * MiB);
const crypt = { type: 'crypt', password: obscured('correct horse') };
const gzip = { type: 'compress' };

/** Bytes that the reads in the log asked for: by their Range, else the whole object. */
async function bytesAsked(server: OwnServer): Promise<number> {
  let total = 0;
  for (const { operation, path, headers } of server.log) {
    if (operation !== 'GetObject') continue;
    const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers['range'] ?? '') ?? [];
    if (from !== '' && to !== '') total += Number(to) - Number(from) + 1;
    else if (from === '' && to !== '') total += Number(to);
    else total += (await server.backend.stat(decodeURIComponent(path).replace(/^\//, ''))).size ?? Number.NaN;
  }
  return total;
}

describe.each([
  // Noise to compress: blocks of 64 KiB behind the header of 32 bytes, and about 200 bytes of metadata.
  ['crypt over compress', crypt, gzip, 140_000],
  // A compressed block of 1 MiB of digits has about 600 kB, and crypt adds the blocks of 64 KiB that it begins and ends in.
  ['compress over crypt', gzip, crypt, 800_000],
] as const)('a range through %s over S3', (_name, top, mid, most) => {
  test.each([
    [0, 10],
    [5 * MiB + 7, 5 * MiB + 17],
    [12 * MiB - 20, 12 * MiB],
  ])('from %i to %i fetches the blocks that hold it', async (start, end) => {
    const server = await startOwnServer();
    try {
      await server.backend.mkdir('bucket');
      const session = sessionWith({
        s: onServer(server),
        mid: { ...mid, remote: 's:bucket/dir' },
        top: { ...top, remote: 'mid:' },
      });
      const remote = await session.open('top:');
      await put(remote, 'f', text);
      server.log.length = 0;
      const { body } = await remote.read('f', { range: { start, end } });
      expect(Buffer.from(await collect(body)).equals(text.subarray(start, end))).toBe(true);

      const asked = await bytesAsked(server);
      expect(asked).toBeGreaterThan(end - start);
      expect(asked).toBeLessThan(most);
      const others = server.log.map((r) => r.operation).filter((o) => o !== 'GetObject');
      expect(others).toEqual([]);
      expect(server.log.length).toBeLessThanOrEqual(4);

      // The yardstick itself: a whole read asks for far more.
      server.log.length = 0;
      await collect((await remote.read('f')).body);
      expect(await bytesAsked(server)).toBeGreaterThan(6 * MiB);
    } finally {
      await server.stop();
    }
  });
});
