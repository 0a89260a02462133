import type { ObjectInfo } from '../core/entry.ts';
import { formatRfc3339 } from '../core/time.ts';

/** The metadata of an object with the system facts that rclone shows among it. */
export function systemMetadata(info: ObjectInfo): Record<string, string> {
  const time = (ns: bigint | undefined): string | undefined =>
    ns === undefined ? undefined : formatRfc3339(ns, 'utc', 'trim');
  const extra = {
    mtime: info.metadata?.['mtime'] ?? time(info.modTime),
    btime: info.metadata?.['btime'] ?? time(info.serverTime),
    'content-type': info.metadata?.['mode'] === undefined ? info.mimeType : undefined,
    tier: info.tier,
  };
  return Object.fromEntries(
    Object.entries({ ...info.metadata, ...extra }).filter((e): e is [string, string] => e[1] !== undefined),
  );
}
