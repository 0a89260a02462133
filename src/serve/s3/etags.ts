import type { Backend, ObjectInfo } from '../../core/backend.ts';
import { toHex, utf8 } from '../../core/bytes.ts';
import { hasCode } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { RecentMap } from './recent.ts';

export interface Etags {
  of(path: string, info: ObjectInfo): Promise<string>;
}

/**
 * ETags of objects that nobody remembers. Clients take 32 hex digits for the MD5 of the bytes: what is not that gets a
 * suffix. A listing and a HEAD of the same object must give the same, so only what both tell is used.
 */
export function createEtags(backend: Backend, platform: Platform, workOut: boolean): Etags {
  const digests = new RecentMap<{ facts: string; md5: string }>(100_000);
  const canHash = workOut && backend.hash !== undefined && backend.hashes.includes('md5');

  const worked = async (path: string, info: ObjectInfo): Promise<string | undefined> => {
    const facts = `${info.size} ${info.modTime}`;
    const known = digests.get(path);
    if (known?.facts === facts) return known.md5;
    let md5: string | undefined;
    try {
      md5 = await backend.hash?.(path, 'md5', { info });
    } catch (e) {
      // Gone or changed meanwhile: whoever asks next sees the new one.
      if (!hasCode(e, 'object_not_found', 'io')) throw e;
    }
    if (md5 !== undefined) digests.set(path, { facts, md5 });
    return md5;
  };

  return {
    async of(path, info) {
      const { etag } = info;
      if (etag !== undefined) return isMd5(etag) && etag !== info.hashes.md5 ? `${etag}-1` : etag;
      return info.hashes.md5 ?? (canHash ? await worked(path, info) : undefined) ?? invent(platform, info);
    },
  };
}

const isMd5 = (etag: string): boolean => /^[0-9a-f]{32}$/.test(etag);

/** Tells one state of an object from another without reading it. */
function invent(platform: Platform, info: ObjectInfo): string {
  const hash = platform.createHash('md5');
  hash.update(utf8(`${info.size} ${info.modTime}`));
  return `${toHex(hash.digest())}-1`;
}
