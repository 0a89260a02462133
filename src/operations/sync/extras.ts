import type { ObjectInfo } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { log } from '../context.ts';
import { createChannel } from '../channel.ts';
import { removeEmptyDirectories, removeObjects, type Disposal } from '../remove.ts';
import { setAside } from '../transfer.ts';
import type { SyncRun } from './run.ts';

/** What only the destination has, and what becomes of it. */
export interface Extras {
  /** Told only when both listings of its directory are known to be complete. */
  object(info: ObjectInfo): Promise<void>;
  /** The objects that wait for the end. */
  readonly waiting: Map<string, ObjectInfo>;
  directory(path: string): void;
  /** Deletes the objects that wait for the end. */
  deleteObjects(): Promise<void>;
  /** Deletes the directories that are empty now. */
  deleteDirectories(): Promise<void>;
}

/** For a copy or a move: what only the destination has is left alone. */
export const keepExtras: Extras = {
  object: async () => {},
  waiting: new Map(),
  directory: () => {},
  deleteObjects: async () => {},
  deleteDirectories: async () => {},
};

export function createExtras(run: SyncRun, o: { tracksRenames: boolean }): Extras {
  const waiting = new Map<string, ObjectInfo>();
  const dirs: string[] = [];
  const { settings } = run.c;
  const mayDelete = (what: string): boolean => {
    if (!run.failed || (settings.ignoreErrors && !run.c.signal?.aborted)) return true;
    log(run.c, 'error', run.dst.description, `not deleting ${what} as there were IO errors`);
    return false;
  };
  const during = settings.deleteMode === 'during' && !o.tracksRenames ? createDeleter(run) : undefined;
  return {
    async object(info) {
      run.c.accounting.checks += 1;
      if (during) await during.put(info);
      else waiting.set(info.path, info);
    },
    waiting,
    directory: (path) => void dirs.push(path),
    async deleteObjects() {
      if (during) await during.finish();
      else if (mayDelete('files')) await removeAll(run, waiting.values());
    },
    async deleteDirectories() {
      if (!mayDelete('directories') || !run.dst.features.emptyDirs) return;
      await removeEmptyDirectories(run.c, run.dst, dirs.sort(compareUtf8).reverse());
    },
  };
}

async function removeAll(run: SyncRun, objects: Iterable<ObjectInfo> | AsyncIterable<ObjectInfo>): Promise<void> {
  try {
    await removeObjects(run.c, run.dst, objects, disposalOf(run));
  } catch (e) {
    run.fail(e);
  }
}

function disposalOf({ c, dst, aside }: SyncRun): Disposal | undefined {
  if (!aside) return undefined;
  const dispose = (info: ObjectInfo): Promise<void> => setAside(c, aside, { backend: dst, info });
  return { verb: 'move into backup dir', done: 'Moved into backup dir', dispose };
}

/** --delete-during: one stream of deletions beside the transfers. */
function createDeleter(run: SyncRun): { put(info: ObjectInfo): Promise<void>; finish(): Promise<void> } {
  const channel = createChannel<ObjectInfo>(1000);
  const done = removeAll(run, channel.items);
  return {
    put: channel.put,
    async finish() {
      channel.end();
      await done;
    },
  };
}
