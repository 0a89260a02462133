import type { Backend, DirInfo, ObjectInfo } from '../../core/backend.ts';
import { compareUtf8 } from '../../core/bytes.ts';
import { TscloneError } from '../../core/errors.ts';
import { isSameRoot, openAside } from '../aside.ts';
import { openBeside } from '../beside.ts';
import { log, type OperationContext } from '../context.ts';
import { march } from '../march.ts';
import { parseOrder } from '../order.ts';
import { removeEmptyDirectories } from '../remove.ts';
import { copyDirTimes, makeDirectories, type DirPair } from './directories.ts';
import { createExtras, keepExtras, type Extras } from './extras.ts';
import { setDeadline, type Deadline } from './deadline.ts';
import { moveWholeDirectory, refuseOverlap } from './overlap.ts';
import { createStages, type Stages } from './pairs.ts';
import { fixDirCase } from './fix-case.ts';
import { createRenames, type Renames } from './renames.ts';
import { createRun, type SyncOptions, type SyncRun } from './run.ts';

export type { SyncOptions, SyncResult } from './run.ts';

/**
 * Makes the destination hold what the source holds: `copy` adds and replaces, `sync` also deletes what the source does
 * not have, `move` deletes the source's objects. Each directory is listed once on both sides. Nothing is deleted unless
 * every listing came whole and every transfer went well.
 */
export async function syncDirectories(c: OperationContext, src: Backend, dst: Backend, o: SyncOptions): Promise<void> {
  if (o.mode !== 'sync' && isSameRoot(src, dst)) {
    log(c, 'error', dst.description, 'Nothing to do as source and destination are the same');
    return;
  }
  if (o.mode !== 'copy') refuseOverlap(c, src, dst);
  if (o.mode === 'move' && (await moveWholeDirectory(c, src, dst))) return;
  checkSettings(c, o);
  const aside = await openAside(c, o.open, src, dst, false);
  const beside = await openBeside(c, o.open, dst);
  const order = parseOrder(c.settings.orderBy);
  const run = createRun(c, { src, dst, options: o, aside, beside, order });
  const renames = createRenames(run);
  const { transfers } = c.accounting;
  const deadline = setDeadline(run);

  if (o.mode === 'sync' && c.settings.deleteMode === 'before') {
    await deleteFirst(run);
    if (run.failure) throw run.failure;
  }
  try {
    await transferAll(run, renames, deadline);
  } finally {
    deadline.clear();
  }
  if (c.accounting.transfers === transfers && !run.failed) log(c, 'info', '', 'There was nothing to transfer');
  if (run.failure) throw run.failure;
}

/** Settings that do not go together. */
function checkSettings({ settings, ...c }: OperationContext, { mode }: SyncOptions): void {
  if (mode !== 'sync') return;
  if (settings.noCheckDest) throw new TscloneError('other', "can't use --no-check-dest with sync: use copy instead");
  if (settings.noTraverse) c.emit({ type: 'log', level: 'error', message: 'Ignoring --no-traverse with sync' });
}

/** --delete-before: a march of its own finds what has to go, before anything is transferred. */
async function deleteFirst(run: SyncRun): Promise<void> {
  const extras = createExtras(run, { tracksRenames: false });
  await marchTrees(run, { extras, dirs: [] });
  await extras.deleteObjects();
  await extras.deleteDirectories();
}

async function transferAll(run: SyncRun, renames: Renames | undefined, deadline: Deadline): Promise<void> {
  const { c, src, options } = run;
  const deletes = options.mode === 'sync' && c.settings.deleteMode !== 'before';
  const extras = deletes ? createExtras(run, { tracksRenames: renames !== undefined }) : keepExtras;
  const dirs: DirPair[] = [];
  const stages = createStages(run);
  await marchTrees(run, { extras, dirs, stages, renames });
  await renames?.settle(extras.waiting, stages);
  await stages.finish();
  deadline.settle();
  if (run.interrupted) throw run.failure ?? new Error('stopped');
  if (options.createEmptySrcDirs && !c.signal?.aborted) await makeDirectories(run, dirs);
  await extras.deleteObjects();
  await extras.deleteDirectories();
  if (!c.signal?.aborted) await copyDirTimes(run, dirs);
  if (options.mode === 'move' && options.deleteEmptySrcDirs && !run.failed)
    await removeEmptyDirectories(c, src, deepestFirst(dirs));
}

/** Where what the march finds goes. */
interface Sorting {
  readonly extras: Extras;
  readonly dirs: DirPair[];
  readonly stages?: Stages;
  readonly renames?: Renames | undefined;
}

async function marchTrees(run: SyncRun, { extras, dirs, stages, renames }: Sorting): Promise<void> {
  const { c, src, dst, options } = run;
  const { settings } = c;
  const unlisted = options.mode !== 'sync' && (settings.noTraverse || settings.noCheckDest);
  const unknown = settings.noCheckDest ? undefined : 'unknown';
  await march({ ...c, signal: run.closing }, src, unlisted ? undefined : dst, {
    destinationOnly: extras !== keepExtras || (options.mode !== 'sync' && options.report !== undefined),
    onError: (e) => run.fail(e),
    renames: settings.fixCase,
    async meet({ src: from, dst: to }) {
      if (run.closing.aborted) run.cut = true;
      else if (from?.kind === 'dir') {
        const path = to && (await fixDirCase(run, from.path, to.path));
        dirs.push({ src: from, dst: to && ({ ...to, path } as DirInfo) });
        return path;
      } else if (from) {
        const existing = unlisted ? unknown : (to as ObjectInfo | undefined);
        if (renames && !existing) {
          await run.report('srcOnly', from.path);
          renames.hold(from);
        } else await stages?.compare({ info: from, existing });
      } else if (to?.kind === 'dir') extras.directory(to.path);
      else if (to) {
        await run.report('dstOnly', to.path);
        await extras.object(to);
      }
    },
  });
}

const deepestFirst = (dirs: readonly DirPair[]): string[] =>
  dirs
    .map((d) => d.src.path)
    .sort(compareUtf8)
    .reverse();
