import { compareUtf8, fromHex, toBase64, toHex } from '../../core/bytes.ts';
import { hasCode } from '../../core/errors.ts';
import {
  checksumElement,
  checksumElements,
  checksumHeader,
  checksumHeaders,
  checksumNames,
  createChecksum,
  type ChecksumName,
  type ChecksumType,
  type KeptChecksum,
} from './checksums.ts';
import { checkCopySource, checkWrite, isConditionalWrite } from './conditions.ts';
import { fieldsOf } from './fields.ts';
import { xmlLimits } from './limits.ts';
import { encodeKey } from './lists.ts';
import { algorithmOf } from './objects.ts';
import { owner, xmlHeaders, type Operation, type OperationArgs } from './operation.ts';
import { badChecksum, isDigest, receive, requiredSize, smallBody, type Received } from './payload.ts';
import { copySourceOf, invalidArgument, S3Fault, wholeNumber } from './protocol.ts';
import { checkPartSizes } from './r2-rules.ts';
import { copyRangeOf } from './ranges.ts';
import { RecentMap } from './recent.ts';
import type { ObjectStore, StoredObject } from './store.ts';
import { createUploadFolder, type Part, type UploadFacts } from './upload-folder.ts';
import { childText, malformed, parseXml, xmlDocument, type XmlElement } from './xml.ts';

interface Upload {
  readonly facts: UploadFacts;
  readonly parts: Map<number, Part>;
  /** Aborted or completed. */
  over: boolean;
}

/** Uploads that are under way. */
export interface Uploads {
  readonly create: Operation;
  readonly part: Operation;
  readonly partCopy: Operation;
  readonly complete: Operation;
  readonly abort: Operation;
  readonly listParts: Operation;
  readonly listUploads: Operation;
}

const minPart = 5 * 1024 * 1024;
const maxParts = 10_000;
/** How often the uploads of a bucket are looked through for those that nobody wants any more. */
const sweepStepMs = 60_000;

export function createUploads(store: ObjectStore): Uploads {
  const folder = createUploadFolder(store);
  const { platform } = store;
  const open = new Map<string, Promise<Upload | undefined>>();
  /** Answers of completions: a client that lost one asks again. */
  const completed = new RecentMap<{ bucket: string; key: string; body: string }>(1000);
  const swept = new RecentMap<number>(1000);
  const nowMs = (): number => Number(platform.now() / 1_000_000n);

  const load = (bucket: string, id: string): Promise<Upload | undefined> => {
    const name = `${bucket}/${id}`;
    let upload = open.get(name);
    if (!upload) {
      upload = folder.load(bucket, id).then((found) => found && { ...found, over: false });
      open.set(name, upload);
      // Neither a wrong id nor a failure is worth remembering.
      void upload.then(
        (found) => found || open.delete(name),
        () => open.delete(name),
      );
    }
    return upload;
  };

  const find = async ({ call }: OperationArgs): Promise<Upload> => {
    const upload = await load(call.bucket, call.query.get('uploadId') ?? '');
    if (upload && !upload.over && upload.facts.key === call.key) return upload;
    await store.requireBucket(call.bucket);
    throw noSuchUpload();
  };

  const storePart = async (
    a: OperationArgs,
    upload: Upload,
    body: Received['body'],
    size: number,
    checksum: Received['checksum'] = () => undefined,
  ): Promise<Part> => {
    const number = partNumberOf(a);
    const part = await folder.writePart(upload.facts, number, body, size, (stored) => {
      const kept = checksum();
      const whole = kept ? { ...stored, checksum: kept } : stored;
      if (!upload.over) upload.parts.set(number, whole);
      return whole;
    });
    if (!upload.over) return part;
    await folder.removePart(upload.facts, number);
    throw noSuchUpload();
  };

  const discard = async (upload: Upload): Promise<void> => {
    upload.over = true;
    const { bucket, id } = upload.facts;
    await folder.remove(upload.facts, upload.parts.keys());
    open.delete(`${bucket}/${id}`);
  };

  const unfinished = async (bucket: string): Promise<Upload[]> => {
    const all = await Promise.all((await folder.ids(bucket)).map((id) => load(bucket, id)));
    return all.filter((u) => u !== undefined).filter((u) => !u.over);
  };

  const sweep = async (bucket: string, expiryMs: number): Promise<void> => {
    const now = nowMs();
    if (expiryMs <= 0 || now - (swept.get(bucket) ?? -Infinity) < sweepStepMs) return;
    swept.set(bucket, now);
    for (const upload of await unfinished(bucket)) {
      const touched = [upload.facts.started, ...[...upload.parts.values()].map((p) => p.modified)];
      if (now - Math.max(...touched.map((d) => d.getTime())) > expiryMs) await discard(upload);
    }
  };

  return {
    async create({ store, request, call, verified, limits }) {
      const { bucket, key } = call;
      const fields = fieldsOf(request, limits.maxMetadataBytes);
      const name = algorithmOf(request.headers['x-amz-checksum-algorithm']);
      const type = checksumTypeOf(name, request.headers['x-amz-checksum-type']);
      await smallBody(request, verified, platform, xmlLimits.createUpload);
      await store.requireBucket(bucket);
      await sweep(bucket, limits.uploadExpiryMs);
      if (open.size >= limits.maxUploads) throw new S3Fault(503, 'SlowDown', 'Too many unfinished uploads.');
      const id = toHex(platform.randomBytes(16));
      const checksum = name && type ? { name, type } : undefined;
      const facts = { id, bucket, key, fields, started: new Date(nowMs()), ...(checksum ? { checksum } : {}) };
      await folder.create(facts);
      open.set(`${bucket}/${id}`, Promise.resolve({ facts, parts: new Map(), over: false }));
      const body = xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id });
      const told: Record<string, string> = checksum
        ? { 'x-amz-checksum-algorithm': checksum.name.toUpperCase(), 'x-amz-checksum-type': checksum.type }
        : {};
      return { status: 200, headers: { ...xmlHeaders, ...told }, body };
    },

    async part(a) {
      partNumberOf(a);
      const upload = await find(a);
      const received = receive(a.request, a.verified, platform);
      const size = requiredSize(received, a.limits.maxBodyBytes);
      const part = await storePart(a, upload, received.body, size, received.checksum);
      const { 'x-amz-checksum-type': _type, ...echoed } = checksumHeaders(part.checksum);
      return { status: 200, headers: { etag: `"${part.md5}"`, ...echoed } };
    },

    async partCopy(a) {
      partNumberOf(a);
      const upload = await find(a);
      const from = copySourceOf(a.request);
      const text = a.request.headers['x-amz-copy-source-range'];
      const { stored, range, body } = await store.open(from.bucket, from.key, (source) => {
        checkCopySource(a.request, source);
        return copyRangeOf(text, source.size);
      });
      const size = range ? range.end - range.start : stored.size;
      if (size > a.limits.maxBodyBytes)
        throw new S3Fault(400, 'InvalidRequest', 'The part is larger than the maximum allowed object size.');
      const part = await storePart(a, upload, body, size);
      const document = xmlDocument('CopyPartResult', {
        LastModified: part.modified.toISOString(),
        ETag: `"${part.md5}"`,
      });
      return { status: 200, headers: xmlHeaders, body: document };
    },

    async complete(a) {
      const { call, request } = a;
      const id = call.query.get('uploadId') ?? '';
      const text = await smallBody(request, a.verified, platform, xmlLimits.completeUpload, { unchecked: true });
      return store.locks.run(`upload ${id}`, async () => {
        const before = completed.get(id);
        if (before?.bucket === call.bucket && before.key === call.key)
          return { status: 200, headers: xmlHeaders, body: before.body };
        const upload = await find(a);
        const chosen = choose(upload, wantedParts(text));
        if (a.r2) checkPartSizes(chosen.map((c) => c.part.size));
        const stored = await putTogether(a, upload, chosen);
        const body = xmlDocument('CompleteMultipartUploadResult', {
          Location: `/${call.bucket}/${encodeKey(call.key)}`,
          Bucket: call.bucket,
          Key: call.key,
          ETag: `"${stored.etag}"`,
          ...checksumElements(stored.checksum),
        });
        completed.set(id, { bucket: call.bucket, key: call.key, body });
        await discard(upload);
        return { status: 200, headers: xmlHeaders, body };
      });
    },

    async abort(a) {
      const id = a.call.query.get('uploadId') ?? '';
      return store.locks.run(`upload ${id}`, async () => {
        await discard(await find(a));
        return { status: 204, headers: {} };
      });
    },

    async listParts(a) {
      const upload = await find(a);
      const { query } = a.call;
      const after = wholeNumber(query.get('part-number-marker'), 'part-number-marker', 0);
      const max = Math.min(1000, wholeNumber(query.get('max-parts'), 'max-parts', 1000));
      const all = [...upload.parts].sort(([x], [y]) => x - y).filter(([n]) => n > after);
      const page = all.slice(0, max);
      const { facts } = upload;
      const parts = [];
      for (const [number, part] of page)
        parts.push({
          PartNumber: number,
          LastModified: part.modified.toISOString(),
          ETag: `"${await md5Of(upload, number)}"`,
          Size: part.size,
          ...(part.checksum ? { [checksumElement(part.checksum.name)]: part.checksum.value } : {}),
        });
      const body = xmlDocument('ListPartsResult', {
        Bucket: facts.bucket,
        Key: facts.key,
        UploadId: facts.id,
        PartNumberMarker: after,
        NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
        MaxParts: max,
        IsTruncated: max > 0 && all.length > page.length,
        Part: parts,
        Initiator: owner,
        Owner: owner,
        StorageClass: 'STANDARD',
        ChecksumAlgorithm: facts.checksum?.name.toUpperCase(),
        ChecksumType: facts.checksum?.type,
      });
      return { status: 200, headers: xmlHeaders, body };
    },

    async listUploads({ call }) {
      await store.requireBucket(call.bucket);
      const { query } = call;
      const prefix = query.get('prefix') ?? '';
      const delimiter = query.get('delimiter') ?? '';
      const max = Math.min(1000, wholeNumber(query.get('max-uploads'), 'max-uploads', 1000));
      const keyMarker = query.get('key-marker') ?? '';
      const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
      const encoding = query.get('encoding-type');
      const encode = encoding === 'url' ? encodeKey : (t: string): string => t;
      const rows = new Map<string, { key: string; id: string; started?: Date; checksum?: UploadFacts['checksum'] }>();
      for (const { facts } of await unfinished(call.bucket)) {
        const { key, id, started, checksum } = facts;
        if (!key.startsWith(prefix)) continue;
        const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
        if (end < 0) rows.set(`${key}\0${id}`, { key, id, started, checksum });
        else
          rows.set(`${key.slice(0, end + delimiter.length)}\0`, { key: key.slice(0, end + delimiter.length), id: '' });
      }
      const all = [...rows.values()]
        .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id))
        .filter(({ key, id }) => {
          const order = compareUtf8(key, keyMarker);
          return keyMarker === '' || order > 0 || (order === 0 && idMarker !== '' && compareUtf8(id, idMarker) > 0);
        });
      const page = all.slice(0, max);
      const truncated = max > 0 && all.length > page.length;
      const body = xmlDocument('ListMultipartUploadsResult', {
        Bucket: call.bucket,
        KeyMarker: encode(keyMarker),
        UploadIdMarker: idMarker,
        NextKeyMarker: truncated ? encode(page.at(-1)?.key ?? '') : undefined,
        NextUploadIdMarker: truncated ? page.at(-1)?.id : undefined,
        Delimiter: delimiter === '' ? undefined : encode(delimiter),
        Prefix: encode(prefix),
        EncodingType: encoding,
        MaxUploads: max,
        IsTruncated: truncated,
        Upload: page.flatMap(({ key, id, started, checksum }) =>
          started
            ? [
                {
                  Key: encode(key),
                  UploadId: id,
                  Initiator: owner,
                  Owner: owner,
                  StorageClass: 'STANDARD',
                  Initiated: started.toISOString(),
                  ChecksumAlgorithm: checksum?.name.toUpperCase(),
                  ChecksumType: checksum?.type,
                },
              ]
            : [],
        ),
        CommonPrefixes: page.filter((row) => !row.started).map((row) => ({ Prefix: encode(row.key) })),
      });
      return { status: 200, headers: xmlHeaders, body };
    },
  };

  /** The MD5 of a part; one of an earlier run of the server is read for it. */
  async function md5Of(upload: Upload, number: number): Promise<string> {
    const part = upload.parts.get(number) as Part;
    if (part.md5 !== undefined) return part.md5;
    const hash = platform.createHash('md5');
    for await (const chunk of await folder.readPart(upload.facts, number)) hash.update(chunk);
    const md5 = toHex(hash.digest());
    upload.parts.set(number, { ...part, md5 });
    return md5;
  }

  /** Writes the object out of its parts; every part is compared with its ETag and checksum on the way. */
  async function putTogether(a: OperationArgs, upload: Upload, chosen: readonly Chosen[]): Promise<StoredObject> {
    const { request, call } = a;
    const { facts } = upload;
    const algorithm = facts.checksum?.name;
    const md5 = platform.createHash('md5');
    for (const { etag } of chosen) md5.update(fromHex(etag));
    const etag = `${toHex(md5.digest())}-${chosen.length}`;
    const size = chosen.reduce((sum, { part }) => sum + part.size, 0);
    const announced = request.headers['x-amz-mp-object-size'];
    if (announced !== undefined && announced !== String(size))
      throw new S3Fault(
        400,
        'InvalidRequest',
        `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${size}`,
      );
    const whole = algorithm && createChecksum(algorithm, platform);
    let checksum: KeptChecksum | undefined;

    async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
      for (const { number, part, etag, checksum } of chosen) {
        const partMd5 = platform.createHash('md5');
        const partSum = algorithm && createChecksum(algorithm, platform);
        let length = 0;
        for await (const chunk of await readPart(upload, number)) {
          length += chunk.length;
          partMd5.update(chunk);
          partSum?.update(chunk);
          if (facts.checksum?.type === 'FULL_OBJECT') whole?.update(chunk);
          yield chunk;
        }
        if (length !== part.size || toHex(partMd5.digest()) !== etag) throw invalidPart(number);
        if (!partSum || !algorithm) continue;
        const digest = partSum.digest();
        if (checksum?.name === algorithm && checksum.value !== toBase64(digest)) throw invalidPart(number);
        if (facts.checksum?.type === 'COMPOSITE') whole?.update(digest);
      }
      if (!whole || !facts.checksum) return;
      const { name, type } = facts.checksum;
      const value = toBase64(whole.digest());
      checksum = { name, type, value: type === 'COMPOSITE' ? `${value}-${chosen.length}` : value };
      checkAnnounced(a, checksum);
    }

    const check = isConditionalWrite(request)
      ? (there: StoredObject | undefined): void => checkWrite(request, there)
      : undefined;
    if (check) check(await store.find(call.bucket, call.key));
    return store.put(call.bucket, call.key, bytes(), facts.fields, {
      size,
      check,
      facts: () => ({ etag, checksum, parts: chosen.map((c) => c.part.size) }),
    });
  }

  async function readPart(upload: Upload, number: number) {
    try {
      return await folder.readPart(upload.facts, number);
    } catch (e) {
      throw hasCode(e, 'object_not_found') ? invalidPart(number) : e;
    }
  }
}

function partNumberOf({ call }: OperationArgs): number {
  const text = call.query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > maxParts)
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive');
  return number;
}

function checksumTypeOf(name: ChecksumName | undefined, text: string | undefined): ChecksumType | undefined {
  const type = text?.toUpperCase();
  if (name === undefined) {
    if (type !== undefined)
      throw new S3Fault(
        400,
        'InvalidRequest',
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
      );
    return undefined;
  }
  if (type !== undefined && type !== 'FULL_OBJECT' && type !== 'COMPOSITE')
    throw new S3Fault(400, 'InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
  // A CRC-64 of parts is not defined, and a SHA of the whole cannot be put together.
  if ((type === 'COMPOSITE' && name === 'crc64nvme') || (type === 'FULL_OBJECT' && name.startsWith('sha')))
    throw new S3Fault(
      400,
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${name} checksum algorithm.`,
    );
  return type ?? (name === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
}

/** What the client says of the whole object. @throws S3Fault BadDigest, InvalidRequest */
function checkAnnounced({ request }: OperationArgs, checksum: KeptChecksum): void {
  const { headers } = request;
  const type = headers['x-amz-checksum-type'];
  if (type !== undefined && type.toUpperCase() !== checksum.type)
    throw new S3Fault(
      400,
      'InvalidRequest',
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    );
  for (const name of checksumNames) {
    const value = headers[checksumHeader(name)];
    if (value === undefined) continue;
    if (name !== checksum.name) throw new S3Fault(400, 'InvalidRequest', `The upload was not created using ${name}.`);
    if (value.replace(/-\d+$/, '') !== checksum.value.replace(/-\d+$/, '')) throw badChecksum(name);
  }
}

interface Wanted {
  readonly number: number;
  readonly etag: string;
  readonly checksum?: { readonly name: string; readonly value: string };
}

type Chosen = Wanted & { readonly part: Part };

function wantedParts(text: string): Wanted[] {
  const root = parseXml(text);
  const parts = root.children.filter((c) => c.name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || parts.length === 0 || parts.length > maxParts) throw malformed();
  return parts.map((part) => {
    const number = childText(part, 'PartNumber')?.trim() ?? '';
    const etag = childText(part, 'ETag');
    if (!/^\d{1,9}$/.test(number) || etag === undefined) throw malformed();
    const checksum = checksumIn(part);
    return {
      number: Number(number),
      etag: etag.trim().replaceAll('"', '').toLowerCase(),
      ...(checksum ? { checksum } : {}),
    };
  });
}

function checksumIn(part: XmlElement): Wanted['checksum'] {
  for (const name of checksumNames) {
    const value = childText(part, checksumElement(name))?.trim();
    if (value === undefined || value === '') continue;
    if (!isDigest(name, value)) throw malformed();
    return { name, value };
  }
  return undefined;
}

/** The parts that a Complete names. @throws S3Fault InvalidPart, InvalidPartOrder, EntityTooSmall */
function choose(upload: Upload, wanted: readonly Wanted[]): Chosen[] {
  if (wanted.some(({ number }, i) => i > 0 && number <= (wanted[i - 1]?.number ?? 0)))
    throw new S3Fault(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
  return wanted.map((w, i) => {
    const part = upload.parts.get(w.number);
    const known = part?.checksum;
    const isWrong =
      !part ||
      !/^[0-9a-f]{32}$/.test(w.etag) ||
      (part.md5 !== undefined && part.md5 !== w.etag) ||
      (known !== undefined && w.checksum?.name === known.name && w.checksum.value !== known.value);
    if (isWrong) throw invalidPart(w.number);
    if (i < wanted.length - 1 && part.size < minPart)
      throw new S3Fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        details: { ProposedSize: part.size, MinSizeAllowed: minPart, PartNumber: w.number },
      });
    return { ...w, part };
  });
}

function invalidPart(number: number): S3Fault {
  return new S3Fault(
    400,
    'InvalidPart',
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { details: { PartNumber: number } },
  );
}

function noSuchUpload(): S3Fault {
  return new S3Fault(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  );
}
