import type { Backend } from '../../src/core/backend.ts';
import { collect } from '../../src/core/bytes.ts';
import { TscloneError } from '../../src/core/errors.ts';

export interface Faults {
  /** Calls that still succeed; none after the first that fails: the process has died. */
  left: number;
  /** Names of the calls so far with their paths. */
  readonly calls: string[];
}

/**
 * The same store as a program sees it whose calls fail. By default it dies at some call: from then on every call fails and
 * changes nothing. With `lost` the answer of one call is lost: it did its work and fails, those after it are well; with
 * `stopped` it fails as a signal makes it. With
 * `moves` objects can be moved, where the store itself can only copy.
 */
export function faulty(
  backend: Backend,
  faults: Faults,
  moves = backend.move !== undefined,
  fails: 'dies' | 'lost' | 'stopped' = 'dies',
): Backend {
  const enter = (name: string, path: string): boolean => {
    faults.calls.push(`${name} ${path}`);
    const left = faults.left--;
    if (fails !== 'dies') return left === 0;
    if (left > 0) return false;
    faults.left = 0;
    throw new TscloneError('io', 'the process has died', { path, retry: 'no' });
  };
  const lost = (path: string): TscloneError =>
    new TscloneError(fails === 'stopped' ? 'aborted' : 'network', 'the answer was lost', { path });
  const call = async <T>(name: string, path: string, work: () => Promise<T>): Promise<T> => {
    const isLost = enter(name, path);
    const done = await work();
    if (isLost) throw lost(path);
    return done;
  };
  const wrapped: Backend = {
    ...backend,
    at: (root) => faulty(backend.at(root), faults, moves, fails),
    async *list(dir, o) {
      const isLost = enter('list', dir);
      yield* backend.list(dir, o);
      if (isLost) throw lost(dir);
    },
    stat: (path, o) => call('stat', path, () => backend.stat(path, o)),
    probe: (path, o) => call('probe', path, () => backend.probe(path, o)),
    read: (path, o) => call('read', path, () => backend.read(path, o)),
    async write(path, body, o) {
      const bytes = await collect(body);
      return call('write', path, () =>
        backend.write(
          path,
          (async function* () {
            yield bytes;
          })(),
          o,
        ),
      );
    },
    remove: (path, o) => call('remove', path, () => backend.remove(path, o)),
    copy: (from, info, to, o) =>
      call('copy', to, async () => (await backend.copy?.(from.at(from.root), info, to, o)) as never),
    move: (from, info, to, o) =>
      call('move', to, async () => {
        if (backend.move) return backend.move(from, info, to, o);
        const moved = await backend.copy?.(backend.at(from.root), info, to, o);
        await backend.at(from.root).remove(info.path);
        return moved as never;
      }),
  };
  if (!moves) delete wrapped.move;
  return wrapped;
}
