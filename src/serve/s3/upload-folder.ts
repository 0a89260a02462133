import type { ByteSource } from '../../core/backend.ts';
import { collect, fromUtf8, toHex, utf8 } from '../../core/bytes.ts';
import { hasCode } from '../../core/errors.ts';
import { leafOf } from '../../core/path.ts';
import type { ChecksumName, ChecksumType, KeptChecksum } from './checksums.ts';
import { defaultType, type ObjectFields } from './fields.ts';
import { pathOfKey, uploadsFolder } from './names.ts';
import type { ObjectStore } from './store.ts';

/** What the parts of an upload are put together to. */
export interface UploadFacts {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly fields: ObjectFields;
  readonly started: Date;
  readonly checksum?: { readonly name: ChecksumName; readonly type: ChecksumType } | undefined;
}

export interface Part {
  readonly size: number;
  readonly modified: Date;
  /** MD5 in hex; absent = stored by an earlier run of the server and not read since. */
  readonly md5?: string | undefined;
  readonly checksum?: KeptChecksum | undefined;
}

/**
 * Unfinished uploads on the backend, one folder each with a description and the parts: memory does not grow with them,
 * and they outlive the server.
 */
export interface UploadFolder {
  create(facts: UploadFacts): Promise<void>;
  /** undefined = there is none. */
  load(bucket: string, id: string): Promise<{ facts: UploadFacts; parts: Map<number, Part> } | undefined>;
  ids(bucket: string): Promise<string[]>;
  /** `onStored` is called before another write of the same part may end. */
  writePart(
    u: UploadFacts,
    number: number,
    body: ByteSource,
    size: number,
    onStored: (part: Part) => Part,
  ): Promise<Part>;
  readPart(u: UploadFacts, number: number): Promise<ByteSource>;
  removePart(u: UploadFacts, number: number): Promise<void>;
  remove(u: UploadFacts, numbers: Iterable<number>): Promise<void>;
}

const description = 'upload.json';
const partName = (number: number): string => `part-${String(number).padStart(5, '0')}`;
/** Removals at a time. */
const together = 8;

export function createUploadFolder(store: ObjectStore): UploadFolder {
  const { backend, platform } = store;
  const folderOf = (bucket: string): string => pathOfKey(bucket, uploadsFolder);
  const pathOf = (u: { bucket: string; id: string }, name: string): string => `${folderOf(u.bucket)}/${u.id}/${name}`;

  return {
    async create(facts) {
      const text = utf8(JSON.stringify({ version: 1, ...facts }));
      await backend.write(pathOf(facts, description), once(text), { size: text.length, mimeType: 'application/json' });
    },

    async load(bucket, id) {
      if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
      const parts = new Map<number, Part>();
      let facts: UploadFacts | undefined;
      try {
        const { body } = await backend.read(pathOf({ bucket, id }, description));
        facts = parseFacts(fromUtf8(await collect(body)), bucket, id);
        for await (const entry of backend.list(`${folderOf(bucket)}/${id}`)) {
          const m = /^part-(\d{5})$/.exec(leafOf(entry.path));
          if (!m || entry.kind !== 'object') continue;
          const modified = new Date(Number((entry.serverTime ?? entry.modTime ?? 0n) / 1_000_000n));
          parts.set(Number(m[1]), { size: entry.size ?? 0, modified, md5: entry.hashes.md5 });
        }
      } catch (e) {
        if (!hasCode(e, 'object_not_found', 'dir_not_found', 'bucket_not_found', 'not_directory', 'bad_path')) throw e;
      }
      return facts && { facts, parts };
    },

    async ids(bucket) {
      const out: string[] = [];
      try {
        for await (const entry of backend.list(folderOf(bucket)))
          if (entry.kind === 'dir') out.push(leafOf(entry.path));
      } catch (e) {
        if (!hasCode(e, 'dir_not_found', 'bucket_not_found', 'not_directory')) throw e;
      }
      return out;
    },

    async writePart(u, number, body, size, onStored) {
      const path = pathOf(u, partName(number));
      const md5 = platform.createHash('md5');
      async function* hashed(): AsyncGenerator<Uint8Array, void, void> {
        for await (const chunk of body) {
          md5.update(chunk);
          yield chunk;
        }
      }
      return store.locks.atEnd(path, hashed(), undefined, async (whole) => {
        const info = await backend.write(path, whole, { size, mimeType: defaultType });
        const modified = new Date(Number(platform.now() / 1_000_000n));
        return onStored({ size: info.size ?? size, modified, md5: toHex(md5.digest()) });
      });
    },

    readPart: async (u, number) => (await backend.read(pathOf(u, partName(number)))).body,

    removePart: (u, number) => backend.remove(pathOf(u, partName(number))).catch(ignoreMissing),

    async remove(u, numbers) {
      const names = [...[...numbers].map(partName), description];
      const next = names.values();
      const worker = async (): Promise<void> => {
        for (const name of next) await backend.remove(pathOf(u, name)).catch(ignoreMissing);
      };
      await Promise.all(Array.from({ length: together }, worker));
      await backend.rmdir(`${folderOf(u.bucket)}/${u.id}`).catch(() => {});
      await backend.rmdir(folderOf(u.bucket)).catch(() => {});
    },
  };
}

function parseFacts(text: string, bucket: string, id: string): UploadFacts | undefined {
  let found: Partial<UploadFacts> & { version?: number };
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    return undefined;
  }
  const { version, key, fields, started, checksum } = found;
  if (version !== 1 || typeof key !== 'string' || !fields) return undefined;
  return { id, bucket, key, fields, started: new Date(started ?? 0), ...(checksum ? { checksum } : {}) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

function ignoreMissing(e: unknown): void {
  if (!hasCode(e, 'object_not_found', 'dir_not_found', 'bucket_not_found')) throw e;
}
