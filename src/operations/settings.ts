/** rclone's global flags that operations read, under their names in camelCase. */
export interface OperationSettings {
  readonly transfers: number;
  readonly checkers: number;
  readonly lowLevelRetries: number;
  readonly dryRun: boolean;
  /** Sizes and hashes decide whether two objects are equal, times do not. */
  readonly checksum: boolean;
  readonly sizeOnly: boolean;
  readonly ignoreSize: boolean;
  /** Everything is copied. */
  readonly ignoreTimes: boolean;
  /** What the destination has is left alone. */
  readonly ignoreExisting: boolean;
  /** What is newer on the destination is left alone. */
  readonly update: boolean;
  /** To replace something that differs is an error. */
  readonly immutable: boolean;
  /** What is stored is not compared with the source's hash. Lengths are always compared. */
  readonly ignoreChecksum: boolean;
  readonly noUpdateModTime: boolean;
  readonly noUpdateDirModTime: boolean;
  /** A time that differs is set although no hash shows that the bytes are equal. */
  readonly refreshTimes: boolean;
  /** Names that are equal in Unicode's composed form are one name. */
  readonly normalizeNames: boolean;
  /** Names that differ only in case are one name. */
  readonly ignoreCaseSync: boolean;
  /** Names of the destination that differ only in case become those of the source. */
  readonly fixCase: boolean;
  /** `sync`: when is deleted what only the destination has. */
  readonly deleteMode: 'before' | 'during' | 'after';
  /** `sync` deletes although something failed. Directories that could not be read are left alone all the same. */
  readonly ignoreErrors: boolean;
  /** Objects that may be deleted; -1 = no limit. One more is a fatal error. */
  readonly maxDelete: number;
  /** Bytes, likewise. */
  readonly maxDeleteSize: number;
  /** Where objects go in place of being overwritten or deleted: a remote; '' = they do not. */
  readonly backupDir: string;
  /** Added to the names of objects kept aside; without `backupDir` they stay where they are. */
  readonly suffix: string;
  /** The suffix goes in front of the extension. */
  readonly suffixKeepExtension: boolean;
  /** Remotes: what lies there as well is not transferred. */
  readonly compareDest: readonly string[];
  /** As `compareDest`; what lies there is copied into the destination by the service. */
  readonly copyDest: readonly string[];
  /** `sync`: objects of the destination that only changed their names are renamed. */
  readonly trackRenames: boolean;
  /** By what they are known again beside their size: `hash`, `modtime`, `leaf`, with commas between. */
  readonly trackRenamesStrategy: string;
  /** Bytes that may be transferred; -1 = no limit. */
  readonly maxTransfer: number;
  /** ns after which a run ends; 0 = none. */
  readonly maxDuration: bigint;
  /** At these limits `hard` stops what is under way, `soft` lets it end, `cautious` begins nothing that could pass them. */
  readonly cutoffMode: 'hard' | 'soft' | 'cautious';
  /** `size`, `name` or `modtime`, with `,ascending`, `,descending` or `,mixed[,percent]`: what is transferred first. */
  readonly orderBy: string;
  /** The destination is taken as empty. */
  readonly noCheckDest: boolean;
  /** The destination is asked object by object and not listed. */
  readonly noTraverse: boolean;
  /** Transfers begin when every comparison is done. */
  readonly checkFirst: boolean;
  /** Objects that may wait for a comparison, and as many for their transfer; -1 = no limit. */
  readonly maxBacklog: number;
  /** Bytes from which an object is read in several ranges at once; -1 = never. */
  readonly multiThreadCutoff: number;
  /** How many; 0 and 1 = one stream. */
  readonly multiThreadStreams: number;
  /** Bytes of one range. */
  readonly multiThreadChunkSize: number;
  /** Bytes that each gathers before they are written. */
  readonly multiThreadWriteBufferSize: number;
  /** Local files are written under their final names at once. */
  readonly inplace: boolean;
  /** Ending of the names of unfinished local files. */
  readonly partialSuffix: string;
  /** Services copy between remotes of one type that are configured apart. */
  readonly serverSideAcrossConfigs: boolean;
  /** Directories are read by one recursive listing where the store can do it. */
  readonly fastList: boolean;
  /** ns shown for times that are unknown. */
  readonly defaultTime: bigint;
  /** ns; times closer than this are equal; the coarser precision of both sides counts too. */
  readonly modifyWindow: bigint;
  /** Levels; -1 = no limit. */
  readonly maxDepth: number;
  /** sync deletes on the destination what the filter leaves out. */
  readonly deleteExcluded: boolean;
  /** Metadata travels with objects and directories. */
  readonly metadata: boolean;
  /** Keys that are set on everything that is written, where metadata travels. */
  readonly metadataSet: Readonly<Record<string, string>>;
}

export const defaultSettings: OperationSettings = {
  transfers: 4,
  checkers: 8,
  lowLevelRetries: 10,
  dryRun: false,
  checksum: false,
  sizeOnly: false,
  ignoreSize: false,
  ignoreTimes: false,
  ignoreExisting: false,
  update: false,
  immutable: false,
  ignoreChecksum: false,
  noUpdateModTime: false,
  noUpdateDirModTime: false,
  refreshTimes: false,
  normalizeNames: true,
  ignoreCaseSync: false,
  fixCase: false,
  deleteMode: 'after',
  ignoreErrors: false,
  maxDelete: -1,
  maxDeleteSize: -1,
  backupDir: '',
  suffix: '',
  suffixKeepExtension: false,
  compareDest: [],
  copyDest: [],
  trackRenames: false,
  trackRenamesStrategy: 'hash',
  maxTransfer: -1,
  maxDuration: 0n,
  cutoffMode: 'hard',
  orderBy: '',
  noCheckDest: false,
  noTraverse: false,
  checkFirst: false,
  maxBacklog: 10_000,
  multiThreadCutoff: 256 * 1024 * 1024,
  multiThreadStreams: 4,
  multiThreadChunkSize: 64 * 1024 * 1024,
  multiThreadWriteBufferSize: 128 * 1024,
  inplace: false,
  partialSuffix: '.partial',
  serverSideAcrossConfigs: false,
  fastList: false,
  defaultTime: 946_684_800_000_000_000n,
  modifyWindow: 1n,
  maxDepth: -1,
  deleteExcluded: false,
  metadata: false,
  metadataSet: {},
};
