import type { Emit } from '../core/events.ts';
import type { Platform } from '../core/platform.ts';
import { createThrottle, type Throttle } from '../operations/throttle.ts';
import { parseTimetable, type Timetable } from '../options/bandwidth.ts';
import type { OperationSettings } from '../operations/settings.ts';
import type { FlagValues } from '../options/flags.ts';
import { StartError } from './errors.ts';

/** What the global flags say to operations. @throws StartError when they contradict one another */
export function settingsOf(flags: FlagValues): OperationSettings {
  if (flags.list('compare-dest').length > 0 && flags.list('copy-dest').length > 0)
    throw badOptions("can't use --compare-dest with --copy-dest");
  return {
    transfers: Math.max(1, flags.int('transfers')),
    checkers: Math.max(1, flags.int('checkers')),
    lowLevelRetries: flags.int('low-level-retries'),
    dryRun: flags.bool('dry-run'),
    checksum: flags.bool('checksum'),
    sizeOnly: flags.bool('size-only'),
    ignoreSize: flags.bool('ignore-size'),
    ignoreTimes: flags.bool('ignore-times'),
    ignoreExisting: flags.bool('ignore-existing'),
    update: flags.bool('update'),
    immutable: flags.bool('immutable'),
    ignoreChecksum: flags.bool('ignore-checksum'),
    noUpdateModTime: flags.bool('no-update-modtime'),
    noUpdateDirModTime: flags.bool('no-update-dir-modtime'),
    refreshTimes: flags.bool('refresh-times'),
    normalizeNames: !flags.bool('no-unicode-normalization'),
    ignoreCaseSync: flags.bool('ignore-case-sync'),
    fixCase: flags.bool('fix-case'),
    deleteMode: deleteModeOf(flags),
    ignoreErrors: flags.bool('ignore-errors'),
    maxDelete: flags.int('max-delete'),
    maxDeleteSize: flags.size('max-delete-size'),
    backupDir: flags.string('backup-dir'),
    suffix: flags.string('suffix'),
    suffixKeepExtension: flags.bool('suffix-keep-extension'),
    compareDest: flags.list('compare-dest'),
    copyDest: flags.list('copy-dest'),
    trackRenames: flags.bool('track-renames'),
    trackRenamesStrategy: flags.string('track-renames-strategy'),
    maxTransfer: flags.size('max-transfer'),
    maxDuration: flags.duration('max-duration'),
    cutoffMode: flags.string('cutoff-mode').toLowerCase() as OperationSettings['cutoffMode'],
    orderBy: flags.string('order-by'),
    noCheckDest: flags.bool('no-check-dest'),
    noTraverse: flags.bool('no-traverse'),
    checkFirst: flags.bool('check-first'),
    maxBacklog: flags.int('max-backlog'),
    multiThreadCutoff: flags.size('multi-thread-cutoff'),
    multiThreadStreams: flags.int('multi-thread-streams'),
    multiThreadChunkSize: pieceSizeOf(flags),
    multiThreadWriteBufferSize: flags.size('multi-thread-write-buffer-size'),
    inplace: flags.bool('inplace'),
    partialSuffix: partialSuffixOf(flags),
    serverSideAcrossConfigs: flags.bool('server-side-across-configs'),
    fastList: flags.bool('fast-list'),
    defaultTime: flags.duration('default-time'),
    modifyWindow: flags.duration('modify-window'),
    maxDepth: flags.int('max-depth'),
    deleteExcluded: flags.bool('delete-excluded'),
    metadata: flags.bool('metadata'),
    metadataSet: metadataSetOf(flags),
  };
}

function metadataSetOf(flags: FlagValues): Record<string, string> {
  const pairs = flags.list('metadata-set').map((text) => {
    const eq = text.indexOf('=');
    if (eq < 0) throw new StartError(`Failed to parse '${text}' as metadata key=value.`);
    return [text.slice(0, eq), text.slice(eq + 1)];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** What --bwlimit, --bwlimit-file and --tpslimit say; undefined = nothing. */
export function throttleOf(flags: FlagValues, platform: Platform, emit: Emit): Throttle | undefined {
  const table = (name: string): Timetable => (flags.isSet(name) ? parseTimetable(flags.text(name)) : []);
  return createThrottle({
    platform,
    emit,
    bandwidth: table('bwlimit'),
    fileBandwidth: table('bwlimit-file'),
    requests: flags.float('tpslimit'),
    burst: flags.int('tpslimit-burst'),
  });
}

function deleteModeOf(flags: FlagValues): OperationSettings['deleteMode'] {
  const modes = (['before', 'during', 'after'] as const).filter((mode) => flags.bool(`delete-${mode}`));
  if (modes.length > 1)
    throw new StartError('Only one of --delete-before, --delete-during or --delete-after can be used.');
  return modes[0] ?? 'after';
}

function pieceSizeOf(flags: FlagValues): number {
  const size = flags.size('multi-thread-chunk-size');
  if (size > 0) return size;
  throw badOptions('--multi-thread-chunk-size must be more than 0');
}

function partialSuffixOf(flags: FlagValues): string {
  const suffix = flags.string('partial-suffix');
  if (suffix.length > 16)
    throw badOptions(`--partial-suffix: Expecting suffix length not greater than 16 but got ${suffix.length}`);
  if (/[/\0]/.test(suffix)) throw badOptions('--partial-suffix: it is part of a file name and cannot hold a slash');
  return suffix;
}

const badOptions = (why: string): StartError =>
  new StartError(`Failed to initialise global options: failed to reload "main" options: ${why}`);
