import { AbortMultipartUploadCommand, DeleteObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { Findings } from '../../../core/diagnosis.ts';
import type { S3Connection } from '../client.ts';
import type { Place } from '../names.ts';
import { attempt, type Outcome, type ProbeOptions } from './attempt.ts';
import type { S3Patient } from './patient.ts';

/** What the probes have made and not yet removed. */
export interface Made {
  /** Keys with the versions that the service gave them. */
  readonly objects: Map<string, Set<string>>;
  /** Keys by upload id. */
  readonly uploads: Map<string, string>;
  /** An upload may have begun whose id never came back. */
  lost: boolean;
}

export const nothingMade = (): Made => ({ objects: new Map(), uploads: new Map(), lost: false });

/** To be called before the request: it may do its work although no answer comes. */
export function versionsOf(made: Made, key: string): Set<string> {
  const known = made.objects.get(key);
  if (known) return known;
  const versions = new Set<string>();
  made.objects.set(key, versions);
  return versions;
}

/** What was refused by an answer is not there; without one, or after a failure of the service, it may be. */
export function forget<T>(made: Made, key: string, outcome: Outcome<T>): Outcome<T> {
  const refused = !outcome.ok && outcome.failure.status >= 300 && outcome.failure.error.code !== 'server_error';
  if (refused && made.objects.get(key)?.size === 0) made.objects.delete(key);
  return outcome;
}

/** Answers whether the service has put a marker in the object's place. */
export async function remove(
  c: S3Connection,
  { bucket, key, versionId }: Place,
  made: Made,
  o: ProbeOptions,
): Promise<Outcome<boolean>> {
  const version = versionId === undefined ? {} : { VersionId: versionId };
  const command = new DeleteObjectCommand({ Bucket: bucket, Key: key, ...version });
  const outcome = await attempt(c, 'DeleteObject', { bucket, key }, o, (s) => c.client.send(command, s));
  if (!outcome.ok) return outcome;
  const { DeleteMarker, VersionId } = outcome.value;
  const marker = versionId === undefined && DeleteMarker === true ? VersionId : undefined;
  // Without versions it is gone now; with them, what lies below the marker is left.
  if (marker !== undefined) versionsOf(made, key).add(marker);
  else if (versionId === undefined) made.objects.delete(key);
  else made.objects.get(key)?.delete(versionId);
  return { ok: true, value: marker !== undefined };
}

export async function abort(
  c: S3Connection,
  { bucket, key }: Place,
  id: string,
  made: Made,
  o: ProbeOptions,
): Promise<Outcome<void>> {
  const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id });
  const outcome = await attempt(c, 'AbortMultipartUpload', { bucket, key }, o, async (s) => {
    await c.client.send(command, s);
  });
  if (outcome.ok || outcome.failure.status === 404) made.uploads.delete(id);
  return outcome;
}

/** Removes what is there, also after an error or a signal, to which it does not listen. `base` begins all keys. */
export async function cleanUp(
  p: S3Patient,
  c: S3Connection,
  base: Place,
  made: Made,
  f: Findings,
  o: ProbeOptions,
): Promise<void> {
  const { bucket } = base;
  const own: ProbeOptions = { timeoutMs: o.timeoutMs };
  const left: string[] = [];
  if (made.lost) await findLostUploads(c, base, made, own);
  for (const [id, key] of made.uploads) {
    const outcome = await abort(c, { bucket, key }, id, made, own);
    if (!outcome.ok && outcome.failure.status !== 404) left.push(`upload to ${bucket}/${key}`);
  }
  for (const key of made.objects.keys())
    if (!(await removeWhole(c, { bucket, key }, made, own))) left.push(`${bucket}/${key}`);
  f.left.push(...left);
  const message = 'doctor could not remove what it has made; delete it';
  for (const subject of left) p.emit({ type: 'log', level: 'error', subject, message });
}

/** By its versions, where the service keeps them: a plain removal would leave them below a marker. */
async function removeWhole(c: S3Connection, place: Place, made: Made, o: ProbeOptions): Promise<boolean> {
  const versions = [...(made.objects.get(place.key) ?? [])];
  let gone = versions.length > 0;
  for (const versionId of versions) gone = (await remove(c, { ...place, versionId }, made, o)).ok && gone;
  return gone || (await remove(c, place, made, o)).ok;
}

async function findLostUploads(c: S3Connection, base: Place, made: Made, o: ProbeOptions): Promise<void> {
  const { bucket, key } = base;
  const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key });
  const outcome = await attempt(c, 'ListMultipartUploads', { bucket }, o, (s) => c.client.send(command, s));
  if (!outcome.ok) return;
  for (const { UploadId, Key } of outcome.value.Uploads ?? [])
    if (UploadId !== undefined && Key?.startsWith(key)) made.uploads.set(UploadId, Key);
}
