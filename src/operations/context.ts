import type { Budget } from '../core/backend.ts';
import type { Emit } from '../core/events.ts';
import type { Platform } from '../core/platform.ts';
import type { Accounting } from './accounting.ts';

/** What every operation needs beside its arguments. */
export interface OperationContext {
  readonly platform: Platform;
  readonly emit: Emit;
  readonly accounting: Accounting;
  readonly signal?: AbortSignal | undefined;
  readonly budget?: Budget | undefined;
  readonly settings: OperationSettings;
}

/** rclone's global flags that operations read, under their names in camelCase. */
export interface OperationSettings {
  readonly transfers: number;
  readonly checkers: number;
  readonly lowLevelRetries: number;
  readonly dryRun: boolean;
  readonly checksum: boolean;
  readonly sizeOnly: boolean;
  readonly ignoreTimes: boolean;
  readonly ignoreExisting: boolean;
  readonly useServerModTime: boolean;
  readonly noUpdateModTime: boolean;
  /** Bytes. */
  readonly streamingUploadCutoff: number;
  /** ns shown for times that are unknown. */
  readonly defaultTime: bigint;
  /** ns; times closer than this are equal; the coarser precision of both sides counts too. */
  readonly modifyWindow: bigint;
  /** -1 = no limit. */
  readonly maxDepth: number;
}

export const defaultSettings: OperationSettings = {
  transfers: 4,
  checkers: 8,
  lowLevelRetries: 10,
  dryRun: false,
  checksum: false,
  sizeOnly: false,
  ignoreTimes: false,
  ignoreExisting: false,
  useServerModTime: false,
  noUpdateModTime: false,
  streamingUploadCutoff: 100 * 1024,
  defaultTime: 946_684_800_000_000_000n,
  modifyWindow: 1n,
  maxDepth: -1,
};
