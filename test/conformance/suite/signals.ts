import { expect } from 'vitest';
import { collect } from '../../../src/core/bytes.ts';
import { abortError, TscloneError } from '../../../src/core/errors.ts';
import type { Backend } from '../../../src/core/backend.ts';
import { expectCode, expectNothing, listAll, sampleBytes, watchedSource, type Case, type Trial } from './trial.ts';

const MiB = 1024 * 1024;

async function collectList(backend: Backend, dir: string, signal: AbortSignal): Promise<void> {
  for await (const entry of backend.list(dir, { signal })) expect(entry.path).toBeTypeOf('string');
}

/** A write whose signal fires when `at` of `length` bytes were read. */
async function stopsWrite(t: Trial, length: number, at: number, size: number | undefined): Promise<void> {
  await t.put('old', 'old content');
  for (const name of ['new', 'old']) {
    const stop = new AbortController();
    const { body, state } = watchedSource(sampleBytes(length), { oddAfter: at, odd: () => stop.abort() });
    await expectCode(t.backend.write(t.at(name), body, { size, signal: stop.signal }), 'aborted');
    expect(state.closed).toBe(true);
    expect(state.given).toBeLessThan(length);
  }
  await expectNothing(t, 'new');
  expect((await t.get('old')).toString()).toBe('old content');
}

export const signalCases: readonly Case[] = [
  {
    title: 'starts nothing when the signal has fired before',
    async run(t) {
      const info = await t.put('a', 'content');
      const { backend } = t;
      const signal = AbortSignal.abort();
      const { body, state } = watchedSource(sampleBytes(10));
      const calls: Record<string, Promise<unknown> | undefined> = {
        list: collectList(backend, t.dir, signal),
        stat: backend.stat(t.at('a'), { signal }),
        probe: backend.probe(t.at('a'), { signal }),
        read: backend.read(t.at('a'), { signal }).then(({ body: b }) => collect(b)),
        write: backend.write(t.at('b'), body, { signal }),
        remove: backend.remove(t.at('a'), { signal }),
        removeMany: backend.removeMany?.([t.at('a')], { signal }),
        copy: backend.copy?.(backend, info, t.at('b'), { signal }),
        move: backend.move?.(backend, info, t.at('b'), { signal }),
        setModTime: backend.setModTime?.(t.at('a'), 1n, { signal }),
        hash: backend.hash?.(t.at('a'), backend.hashes[0] ?? 'md5', { signal }),
        mkdir: backend.mkdir(t.at('d'), { signal }),
      };
      if (backend.features.emptyDirs) calls['rmdir'] = backend.rmdir(t.dir, { signal });
      const answers = Object.entries(calls).map(async ([name, call]) => {
        if (call === undefined) return [];
        const code = await call.then(
          () => 'ended well',
          (e: unknown) => (e instanceof TscloneError ? e.code : String(e)),
        );
        return code === 'aborted' ? [] : [`${name}: ${code}`];
      });
      expect((await Promise.all(answers)).flat()).toEqual([]);
      expect(state).toEqual({ closed: true, given: 0 });
      expect((await t.names()).filter((n) => !n.endsWith('/'))).toEqual(['a']);
      expect((await backend.stat(t.at('a'), { want: ['modTime'] })).modTime).not.toBe(1n);
    },
  },
  { title: 'stops a small write in the middle', run: (t) => stopsWrite(t, 300_000, 100_000, 300_000) },
  { title: 'stops a stream of unknown size in its first part', run: (t) => stopsWrite(t, 8 * MiB, 1 * MiB, undefined) },
  { title: 'stops a stream of unknown size in a later part', run: (t) => stopsWrite(t, 16 * MiB, 11 * MiB, undefined) },
  { title: 'stops a stream of known size above 5 MiB', run: (t) => stopsWrite(t, 24 * MiB, 6 * MiB, 24 * MiB) },
  ...[undefined, 8 * MiB].map((size): Case => ({
    title: `stops a write that waits for a source of ${size === undefined ? 'unknown' : 'known'} size`,
    async run(t) {
      const stop = new AbortController();
      const odd = (): Promise<void> =>
        new Promise(() => {
          queueMicrotask(() => stop.abort());
        });
      const { body, state } = watchedSource(sampleBytes(8 * MiB), { oddAfter: 100_000, odd });
      await expectCode(t.backend.write(t.at('new'), body, { size, signal: stop.signal }), 'aborted');
      expect(state.closed).toBe(true);
      await expectNothing(t, 'new');
    },
  })),
  {
    title: 'stops a read in the middle',
    async run(t) {
      await t.put('big', sampleBytes(12 * MiB));
      const stop = new AbortController();
      const { body } = await t.backend.read(t.at('big'), { signal: stop.signal });
      let got = 0;
      const reading = (async () => {
        for await (const chunk of body) {
          got += chunk.length;
          stop.abort();
        }
      })();
      await expectCode(reading, 'aborted');
      expect(got).toBeLessThan(12 * MiB);
    },
  },
  {
    title: 'stops a listing between its entries',
    async run(t) {
      for (const name of ['a', 'b', 'c']) await t.put(name);
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const entry of t.backend.list(t.dir, { signal: stop.signal })) {
          seen.push(entry.path);
          stop.abort();
        }
      })();
      await expectCode(reading, 'aborted');
      expect(seen).toEqual([t.at('a')]);
      expect(await listAll(t.backend, t.dir)).toHaveLength(3);
    },
  },
  {
    title: 'ends in the error that the signal carries',
    async run(t) {
      const reason = new TscloneError('duration_limit', 'the time is up', { retry: 'no' });
      const signal = AbortSignal.abort(reason);
      expect(abortError(signal)).toBe(reason);
      await expectCode(t.backend.stat(t.at('a'), { signal }), 'duration_limit');
      await expectCode(t.backend.write(t.at('a'), watchedSource(sampleBytes(9)).body, { signal }), 'duration_limit');
    },
  },
];
