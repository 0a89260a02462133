import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3Connection } from './client.ts';
import { answerFailure } from './plain-answers.ts';
import { prepareRequest, signQuery, urlOf } from './presign.ts';
import { discard } from './streams.ts';
import { onWire } from './wire.ts';

/** Seconds that a presigned upload may take to begin. */
const presignedSeconds = 15 * 60;

/** One PutObject; with `use_presigned_request` as a URL and a plain HTTP request. Answers the ETag as it came. */
export async function putObject(
  c: S3Connection,
  input: PutObjectCommandInput,
  s: { abortSignal: AbortSignal } | undefined,
): Promise<string | undefined> {
  const command = new PutObjectCommand(input);
  if (!c.options.use_presigned_request) return (await c.client.send(command, s)).ETag;
  const request = await prepareRequest(c, command);
  for (const name of Object.keys(request.headers)) if (!isOfObject.test(name)) delete request.headers[name];
  const signed = Object.keys(request.headers).filter((name) => name !== 'host');
  await signQuery(c, request, input.Bucket, presignedSeconds, ['host', ...signed]);
  const { body } = request;
  const headers = { ...onWire(request.headers), 'user-agent': c.limits.userAgent };
  for (const [name, value] of c.limits.headers) Object.assign(headers, { [name.toLowerCase()]: value });
  const response = await c.send({ method: 'PUT', url: urlOf(request), headers, body, signal: s?.abortSignal });
  if (response.status !== 200) throw await answerFailure(response);
  await discard(response.body);
  return response.headers['etag'];
}

/** What says how the object is stored; everything else is of the SDK. */
const isOfObject = /^(host|content-.*|cache-control|expires|if-.*|x-amz-(?!content-sha256|user-agent|date).*)$/;
