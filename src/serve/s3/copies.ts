import type { ByteSource } from '../../core/backend.ts';
import { toBase64 } from '../../core/bytes.ts';
import type { Platform } from '../../core/platform.ts';
import { checksumElements, createChecksum, type ChecksumName, type KeptChecksum } from './checksums.ts';
import { checkCopySource, checkWrite, isConditionalWrite } from './conditions.ts';
import { fieldsOf, type ObjectFields } from './fields.ts';
import { algorithmOf } from './objects.ts';
import { xmlHeaders, type Operation } from './operation.ts';
import { copySourceOf, invalidArgument, S3Fault } from './protocol.ts';
import type { StoredObject } from './store.ts';
import { xmlDocument } from './xml.ts';

export const copyObject: Operation = async ({ store, request, call, limits }) => {
  const from = copySourceOf(request);
  const { bucket, key } = call;
  const directive = (request.headers['x-amz-metadata-directive'] ?? 'COPY').toUpperCase();
  if (directive !== 'COPY' && directive !== 'REPLACE') throw invalidArgument('Unknown metadata directive.');
  const replace = directive === 'REPLACE';
  if (from.bucket === bucket && from.key === key && !replace) {
    throw new S3Fault(
      400,
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself without changing its metadata.',
    );
  }
  const algorithm = algorithmOf(request.headers['x-amz-checksum-algorithm']);
  const given = replace ? fieldsOf(request, limits.maxMetadataBytes) : undefined;
  const source = await store.head(from.bucket, from.key);
  checkCopySource(request, source);
  if (source.size > limits.maxBodyBytes)
    throw new S3Fault(
      400,
      'InvalidRequest',
      `The specified copy source is larger than the maximum allowable size for a copy source: ${limits.maxBodyBytes}`,
    );
  await store.requireBucket(bucket);
  const check = isConditionalWrite(request)
    ? (there: StoredObject | undefined): void => checkWrite(request, there)
    : undefined;
  if (check) check(await store.find(bucket, key));
  const to = { bucket, key };
  const isSelf = from.bucket === bucket && from.key === key;
  const again = algorithm !== undefined && algorithm !== source.checksum?.name;
  const quick = again
    ? undefined
    : given === undefined
      ? await store.copy(from, to, source, check)
      : isSelf
        ? await store.changeFields(bucket, key, given, check)
        : undefined;
  const stored = quick ?? (await copyThrough());
  return {
    status: 200,
    headers: xmlHeaders,
    body: xmlDocument('CopyObjectResult', {
      LastModified: stored.lastModified.toISOString(),
      ETag: `"${stored.etag}"`,
      ...checksumElements(stored.checksum),
    }),
  };

  async function copyThrough(): Promise<StoredObject> {
    const opened = await store.open(from.bucket, from.key, (now) => {
      checkCopySource(request, now);
      return undefined;
    });
    const { stored: now } = opened;
    const name = algorithm ?? now.checksum?.name;
    const sum = name === undefined ? undefined : summing(opened.body, name, store.platform);
    return store.put(bucket, key, sum?.body ?? opened.body, given ?? fieldsOnly(now), {
      size: now.size,
      check,
      facts: () => ({ checksum: sum?.checksum() }),
    });
  }
};

const fieldsOnly = ({ mimeType, metadata, systemHeaders }: ObjectFields): ObjectFields => ({
  mimeType,
  metadata,
  systemHeaders,
});

function summing(
  source: ByteSource,
  name: ChecksumName,
  platform: Platform,
): { body: ByteSource; checksum(): KeptChecksum } {
  const sum = createChecksum(name, platform);
  async function* body(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of source) {
      sum.update(chunk);
      yield chunk;
    }
  }
  return { body: body(), checksum: () => ({ name, value: toBase64(sum.digest()), type: 'FULL_OBJECT' }) };
}
