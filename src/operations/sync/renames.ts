import type { ObjectInfo } from '../../core/backend.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import { leafOf } from '../../core/path.ts';
import { callOptions, fatal, log } from '../context.ts';
import { forEachLimit } from '../pool.ts';
import { commonHash, modifyWindow, modTimeOf, type Held } from '../same.ts';
import { moveObject } from '../transfer.ts';
import { markWritten, type Stages } from './pairs.ts';
import type { SyncRun } from './run.ts';

/** --track-renames: what only the source has may lie on the destination under another name. */
export interface Renames {
  /** Keeps an object that only the source has until everything is known. */
  hold(info: ObjectInfo): void;
  /** Renames what can be; the rest is transferred. What was renamed is taken out of `extras`. */
  settle(extras: Map<string, ObjectInfo>, stages: Stages): Promise<void>;
}

interface Strategy {
  readonly hash: boolean;
  readonly modTime: boolean;
  readonly leaf: boolean;
}

/** Undefined where renames are not looked for; where that is not as asked, the log says why. @throws fatal, other */
export function createRenames(run: SyncRun): Renames | undefined {
  const { c, src, dst, options } = run;
  if (!c.settings.trackRenames) return undefined;
  const strategy = parseStrategy(c.settings.trackRenamesStrategy);
  const type = commonHash(src, dst);
  const window = modifyWindow(c.settings, src, dst);
  const reason =
    options.mode !== 'sync'
      ? "it doesn't work with copy or move, only sync"
      : !dst.move && !dst.copy
        ? 'the destination does not support server-side move or copy'
        : strategy.hash && type === undefined
          ? 'the source and destination do not have a common hash'
          : strategy.modTime && window === undefined
            ? 'either the source or destination do not support modtime'
            : undefined;
  if (reason !== undefined) {
    log(c, 'error', dst.description, `Ignoring --track-renames as ${reason}`);
    return undefined;
  }
  if (c.settings.deleteMode === 'before') throw fatal("can't use --delete-before with --track-renames");

  /** What an object has in common with its former self; undefined = nobody can tell. */
  const identify = async ({ backend, info }: Held): Promise<string | undefined> => {
    const hash =
      strategy.hash && type !== undefined
        ? await backend.hash?.(info.path, type, { ...callOptions(c), info })
        : 'not looked at';
    return hash ? [info.size ?? -1, hash, strategy.leaf ? leafOf(info.path) : ''].join(',') : undefined;
  };

  const held: ObjectInfo[] = [];
  return {
    hold: (info) => void held.push(info),
    async settle(extras, stages) {
      if (held.length === 0) return;
      log(c, 'info', dst.description, 'Making map for --track-renames');
      const sizes = new Set(held.map((info) => info.size));
      const candidates = new Map<string, Held[]>();
      await forEachLimit(extras.values(), c.settings.checkers, async (info) => {
        if (!sizes.has(info.size) || run.closing.aborted) return;
        const candidate = { backend: dst, info };
        const id = await identify(candidate).catch((e: unknown): undefined => {
          run.fail(e);
          return undefined;
        });
        if (id === undefined) return;
        const known = candidates.get(id);
        if (known) known.push(candidate);
        else candidates.set(id, [candidate]);
      });
      log(c, 'info', dst.description, 'Finished making map for --track-renames');
      const wanted = new Set([...extras.values()].map((info) => info.size));
      await forEachLimit(held, c.settings.checkers, async (info) => {
        if (run.closing.aborted) return;
        const former = wanted.has(info.size) ? await take({ backend: src, info }) : undefined;
        if (former && (await rename(run, info, former))) extras.delete(former.path);
        else await stages.transfer(info, 'No matching file found at Destination');
      });

      async function take(from: Held): Promise<ObjectInfo | undefined> {
        const id = await identify(from).catch((e: unknown): undefined => {
          run.fail(e);
          return undefined;
        });
        const known = id === undefined ? [] : (candidates.get(id) ?? []);
        for (const candidate of known.slice()) {
          if (strategy.modTime && !(await isSameTime(from, candidate))) continue;
          // Another one may have been quicker.
          const at = known.indexOf(candidate);
          if (at >= 0) return known.splice(at, 1)[0]?.info;
        }
        return undefined;
      }

      async function isSameTime(a: Held, b: Held): Promise<boolean> {
        const [x, y] = await Promise.all([modTimeOf(c, a), modTimeOf(c, b)]);
        const apart = (x ?? 0n) - (y ?? 0n);
        return apart === 0n || (window !== undefined && apart < window && apart > -window);
      }
    },
  };
}

function parseStrategy(text: string): Strategy {
  const words = text === '' ? [] : text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !['hash', 'modtime', 'leaf', 'size'].includes(word));
  if (unknown !== undefined)
    throw new TscloneError('other', `unknown track renames strategy ${JSON.stringify(unknown)}`);
  return { hash: words.includes('hash'), modTime: words.includes('modtime'), leaf: words.includes('leaf') };
}

async function rename(run: SyncRun, info: ObjectInfo, former: ObjectInfo): Promise<boolean> {
  const { c, dst } = run;
  markWritten(run, info.path);
  try {
    await moveObject(c, { backend: dst, info: former }, { backend: dst, path: info.path }, 'check');
  } catch (e) {
    log(c, 'debug', info.path, `Failed to rename to ${JSON.stringify(former.path)}: ${messageOf(e)}`);
    return false;
  }
  log(c, 'info', info.path, `Renamed from ${JSON.stringify(former.path)}`);
  return true;
}
