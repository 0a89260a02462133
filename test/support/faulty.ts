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
 * The same store as a program sees it that dies at some call: from then on every call fails and changes nothing. With
 * `moves` objects can be moved, where the store itself can only copy.
 */
export function faulty(backend: Backend, faults: Faults, moves = backend.move !== undefined): Backend {
  const step = (name: string, path: string): void => {
    faults.calls.push(`${name} ${path}`);
    if (faults.left-- <= 0) {
      faults.left = 0;
      throw new TscloneError('io', 'the process has died', { path, retry: 'no' });
    }
  };
  const wrapped: Backend = {
    ...backend,
    at: (root) => faulty(backend.at(root), faults, moves),
    async *list(dir, o) {
      step('list', dir);
      yield* backend.list(dir, o);
    },
    async stat(path, o) {
      step('stat', path);
      return backend.stat(path, o);
    },
    async probe(path, o) {
      step('probe', path);
      return backend.probe(path, o);
    },
    async read(path, o) {
      step('read', path);
      return backend.read(path, o);
    },
    async write(path, body, o) {
      const bytes = await collect(body);
      step('write', path);
      return backend.write(
        path,
        (async function* () {
          yield bytes;
        })(),
        o,
      );
    },
    async remove(path, o) {
      step('remove', path);
      return backend.remove(path, o);
    },
    async copy(from, info, to, o) {
      step('copy', to);
      return (await backend.copy?.(from.at(from.root), info, to, o)) as never;
    },
    async move(from, info, to, o) {
      step('move', to);
      if (backend.move) return backend.move(from, info, to, o);
      const moved = await backend.copy?.(backend.at(from.root), info, to, o);
      await backend.at(from.root).remove(info.path);
      return moved as never;
    },
  };
  if (!moves) delete wrapped.move;
  return wrapped;
}
