import type { CommandOptions, ObjectInfo } from '../../../core/backend.ts';
import { withVersion } from '../../../core/version-suffix.ts';
import { standardName } from '../names.ts';
import { isVersioned, removeVersions } from '../purge.ts';
import { assertPresent, listVersionGroups, type ListedVersion } from '../versions.ts';
import { refused, type CommandTarget } from './index.ts';

/** Removes old versions below a directory and the marks of removals: what an ordinary listing does not show. */
export async function cleanupHidden({ c, place, subject }: CommandTarget, o: CommandOptions): Promise<void> {
  if (place.bucket === '') throw refused("can't purge from root");
  assertPresent(c);
  if (!(await isVersioned(c, place.bucket, o))) {
    c.emit({ type: 'log', level: 'info', subject, message: 'bucket is not versioned so not removing old versions' });
    return;
  }
  const prefix = place.key === '' ? '' : `${place.key}/`;
  const below = (key: string): string => standardName(c, key.slice(prefix.length));
  const onRemoved = ({ path }: ObjectInfo): void =>
    c.emit({ type: 'log', level: 'info', subject: path, message: 'Deleted' });
  for await (const { groups } of listVersionGroups(c, place.bucket, prefix, false, o)) {
    const wanted: ListedVersion[] = [];
    for (const v of groups.flat()) {
      if (v.isLatest && !v.isMarker) continue;
      const name = below(withVersion(v.key, v.modified?.getTime() ?? 0));
      if ((await o.confirm?.('delete', name, v.size)) !== false) wanted.push(v);
    }
    await removeVersions(c, place.bucket, wanted, below, { signal: o.signal, budget: o.budget, onRemoved });
  }
}
