import type { ByteSource } from '../../core/backend.ts';
import { fromHex, toHex } from '../../core/bytes.ts';
import { announcedSize, smallBody, verifiedBody } from './payload.ts';
import { copySourceOf, S3Fault, type S3Response } from './protocol.ts';
import { checkCopyConditions, echoedChecksums, parseRange, xmlHeaders, type OperationArgs } from './objects.ts';
import { fieldsOf, uploadsFolder, type ObjectFields, type ObjectStore } from './store.ts';
import { childText, parseXml, xmlDocument } from './xml.ts';

interface Part {
  readonly etag: string;
  readonly size: number;
  readonly modified: Date;
}

interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly fields: ObjectFields;
  readonly started: Date;
  readonly parts: Map<number, Part>;
}

/** Uploads that are under way. Their parts lie on the backend, so that memory does not grow with them. */
export interface Uploads {
  readonly create: (a: OperationArgs) => Promise<S3Response>;
  readonly part: (a: OperationArgs) => Promise<S3Response>;
  readonly partCopy: (a: OperationArgs) => Promise<S3Response>;
  readonly complete: (a: OperationArgs) => Promise<S3Response>;
  readonly abort: (a: OperationArgs) => Promise<S3Response>;
  readonly listParts: (a: OperationArgs) => Promise<S3Response>;
  readonly listUploads: (a: OperationArgs) => Promise<S3Response>;
}

const minPart = 5 * 1024 * 1024;
const maxUploads = 10_000;

/** `checkParts` sees the sizes of the parts of an upload before it is completed. */
export function createUploads(checkParts: ((sizes: readonly number[]) => void) | undefined): Uploads {
  const uploads = new Map<string, Upload>();

  const find = ({ call }: OperationArgs): Upload => {
    const upload = uploads.get(call.query.get('uploadId') ?? '');
    if (upload && upload.bucket === call.bucket && upload.key === call.key) return upload;
    throw new S3Fault(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
  };

  const storePart = async (a: OperationArgs, body: ByteSource, size: number | undefined): Promise<Part> => {
    const upload = find(a);
    const number = Number(a.call.query.get('partNumber'));
    if (!Number.isInteger(number) || number < 1 || number > 10_000)
      throw new S3Fault(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
    const plain: ObjectFields = { mimeType: 'binary/octet-stream', metadata: {}, systemHeaders: {} };
    const stored = await a.store.put(uploadsFolder, partKey(upload, number), body, plain, { size });
    if (!uploads.has(upload.id)) {
      // Aborted or completed meanwhile.
      await a.store.remove(uploadsFolder, partKey(upload, number));
      find(a);
    }
    const part = { etag: stored.etag, size: stored.size, modified: stored.lastModified };
    upload.parts.set(number, part);
    return part;
  };

  return {
    async create({ store, request, call, verified }) {
      await smallBody(request, verified, store.platform, 1024);
      await store.requireBucket(call.bucket);
      if (uploads.size >= maxUploads) throw new S3Fault(503, 'SlowDown', 'Too many unfinished uploads.');
      const id = toHex(store.platform.randomBytes(16));
      const upload = { id, ...call, fields: fieldsOf(request), started: new Date(), parts: new Map() };
      uploads.set(id, upload);
      const body = xmlDocument('InitiateMultipartUploadResult', { Bucket: call.bucket, Key: call.key, UploadId: id });
      return { status: 200, headers: xmlHeaders, body };
    },

    async part(a) {
      const body = verifiedBody(a.request, a.verified, a.store.platform);
      const part = await storePart(a, body, announcedSize(a.request));
      return { status: 200, headers: { etag: `"${part.etag}"`, ...echoedChecksums(a.request) } };
    },

    async partCopy(a) {
      const from = copySourceOf(a.request);
      const source = await a.store.head(from.bucket, from.key);
      checkCopyConditions(a.request, source);
      const text = a.request.headers['x-amz-copy-source-range'];
      const range = parseRange(text, source.size);
      if (text !== undefined && range === undefined)
        throw new S3Fault(
          400,
          'InvalidArgument',
          'The x-amz-copy-source-range value must be of the form bytes=first-last',
        );
      const size = range ? range.end - range.start : source.size;
      const part = await storePart(a, await a.store.read(from.bucket, from.key, range), size);
      const body = xmlDocument('CopyPartResult', { LastModified: part.modified.toISOString(), ETag: `"${part.etag}"` });
      return { status: 200, headers: xmlHeaders, body };
    },

    async complete(a) {
      const { store, call } = a;
      const upload = find(a);
      const root = parseXml(await smallBody(a.request, a.verified, store.platform, 4 * 1024 * 1024));
      const wanted = root.children
        .filter((c) => c.name === 'Part')
        .map((c) => ({
          number: Number(childText(c, 'PartNumber')),
          etag: (childText(c, 'ETag') ?? '').replaceAll('"', ''),
        }));
      const chosen = choose(upload, wanted);
      checkParts?.(chosen.map((p) => p.part.size));
      const md5 = store.platform.createHash('md5');
      for (const { part } of chosen) md5.update(fromHex(part.etag));
      const etag = `${toHex(md5.digest())}-${chosen.length}`;
      const size = chosen.reduce((sum, p) => sum + p.part.size, 0);
      async function* whole(): AsyncGenerator<Uint8Array, void, void> {
        for (const { number } of chosen) yield* await store.read(uploadsFolder, partKey(upload, number));
      }
      await store.put(call.bucket, call.key, whole(), upload.fields, { size, etag });
      await discard(store, upload);
      const body = xmlDocument('CompleteMultipartUploadResult', {
        Location: `/${call.bucket}/${call.key}`,
        Bucket: call.bucket,
        Key: call.key,
        ETag: `"${etag}"`,
      });
      return { status: 200, headers: xmlHeaders, body };
    },

    async abort(a) {
      await discard(a.store, find(a));
      return { status: 204, headers: {} };
    },

    async listParts(a) {
      const upload = find(a);
      const after = Number(a.call.query.get('part-number-marker') ?? 0);
      const max = Math.min(1000, Number(a.call.query.get('max-parts') ?? 1000));
      const all = [...upload.parts].sort(([x], [y]) => x - y).filter(([n]) => n > after);
      const page = all.slice(0, max);
      const body = xmlDocument('ListPartsResult', {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: after,
        NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
        MaxParts: max,
        IsTruncated: all.length > page.length,
        Part: page.map(([number, p]) => ({
          PartNumber: number,
          LastModified: p.modified.toISOString(),
          ETag: `"${p.etag}"`,
          Size: p.size,
        })),
      });
      return { status: 200, headers: xmlHeaders, body };
    },

    async listUploads({ store, call }) {
      await store.requireBucket(call.bucket);
      const prefix = call.query.get('prefix') ?? '';
      const found = [...uploads.values()].filter((u) => u.bucket === call.bucket && u.key.startsWith(prefix));
      const body = xmlDocument('ListMultipartUploadsResult', {
        Bucket: call.bucket,
        Prefix: prefix,
        MaxUploads: maxUploads,
        IsTruncated: false,
        Upload: found.map((u) => ({
          Key: u.key,
          UploadId: u.id,
          StorageClass: 'STANDARD',
          Initiated: u.started.toISOString(),
        })),
      });
      return { status: 200, headers: xmlHeaders, body };
    },
  };

  async function discard(store: ObjectStore, upload: Upload): Promise<void> {
    uploads.delete(upload.id);
    for (const number of upload.parts.keys()) await store.remove(uploadsFolder, partKey(upload, number));
    await store.backend.rmdir(`${uploadsFolder}/${upload.id}`).catch(() => {});
    await store.backend.rmdir(uploadsFolder).catch(() => {});
  }
}

const partKey = (upload: Upload, number: number): string => `${upload.id}/${number}`;

/** The parts that a Complete names. @throws S3Fault InvalidPart, InvalidPartOrder, EntityTooSmall */
function choose(upload: Upload, wanted: readonly { number: number; etag: string }[]): { number: number; part: Part }[] {
  if (wanted.length === 0)
    throw new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate.');
  if (wanted.some(({ number }, i) => i > 0 && number <= (wanted[i - 1]?.number ?? 0)))
    throw new S3Fault(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
  return wanted.map(({ number, etag }, i) => {
    const part = upload.parts.get(number);
    if (!part || part.etag !== etag)
      throw new S3Fault(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
    if (i < wanted.length - 1 && part.size < minPart)
      throw new S3Fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    return { number, part };
  });
}
