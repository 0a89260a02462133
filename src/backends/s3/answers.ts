import type { S3ClientResolvedConfig } from '@aws-sdk/client-s3';
import { fromUtf8, utf8 } from '../../core/bytes.ts';

/** Root element of every XML answer that is believed. */
const roots: Readonly<Record<string, string>> = {
  ListObjectsCommand: 'ListBucketResult',
  ListObjectsV2Command: 'ListBucketResult',
  ListBucketsCommand: 'ListAllMyBucketsResult',
  ListObjectVersionsCommand: 'ListVersionsResult',
  CopyObjectCommand: 'CopyObjectResult',
  UploadPartCopyCommand: 'CopyPartResult',
  DeleteObjectsCommand: 'DeleteResult',
  CreateMultipartUploadCommand: 'InitiateMultipartUploadResult',
  CompleteMultipartUploadCommand: 'CompleteMultipartUploadResult',
  ListPartsCommand: 'ListPartsResult',
  ListMultipartUploadsCommand: 'ListMultipartUploadsResult',
};

/** An answer that was not what it claimed to be. Carries the status, so that `translateError` treats it as an answer. */
export class BadAnswer extends Error {
  readonly $metadata: { httpStatusCode: number };
  readonly Code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = code;
    this.Code = code;
    this.$metadata = { httpStatusCode: status };
  }
}

const finerTime = /<LastModified>[^<]*\.\d{4,}Z/;
const finerTimes = /(<LastModified>[^<]*\.\d{3})\d+Z/g;

interface RawResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * Looks at the bytes of an XML answer before the SDK does: it reads HTML, an error under status 200 or a foreign
 * document as an empty result, and a sync would then delete what it should keep. Answers the bytes for the SDK.
 */
export async function verifyAnswer(
  commandName: string,
  response: RawResponse,
  streamCollector: S3ClientResolvedConfig['streamCollector'],
): Promise<void> {
  const root = roots[commandName];
  const { statusCode } = response;
  if (root !== undefined && statusCode > 200 && statusCode < 300)
    throw new BadAnswer(statusCode, 'MalformedAnswer', `the answer has status ${statusCode}, and so no ${root}`);
  if (statusCode !== 200 || (root === undefined && !isPage(commandName, response))) return;
  const bytes = await streamCollector(response.body);
  if (root === undefined) throw new BadAnswer(200, 'MalformedAnswer', 'the answer is an HTML page');
  const text = fromUtf8(bytes);
  // The SDK rounds times to milliseconds; names of versions have them cut.
  response.body = finerTime.test(text) ? utf8(text.replaceAll(finerTimes, '$1Z')) : bytes;
  const found = /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*<([A-Za-z][\w:.-]*)/
    .exec(text)?.[1]
    ?.replace(/^\w+:/, '');
  if (found === 'Error') {
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] || 'InternalError';
    throw new BadAnswer(
      200,
      code,
      `the service answered 200 with an error inside: ${/<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? ''}`,
    );
  }
  const isRoot = found === root || (root === 'ListBucketResult' && found === 'ListObjectsResult');
  if (!isRoot) throw new BadAnswer(200, 'MalformedAnswer', `the answer is ${describe(text, found)}, not a ${root}`);
  if (!new RegExp(`</(\\w+:)?${found}>\\s*$`).test(text) && !/\/>\s*$/.test(text)) {
    throw new BadAnswer(200, 'MalformedAnswer', `the ${root} is cut off after ${bytes.length} bytes`);
  }
  if (
    (root === 'ListBucketResult' || root === 'ListVersionsResult') &&
    !/<IsTruncated>\s*(true|false)\s*<\/IsTruncated>/i.test(text)
  ) {
    throw new BadAnswer(
      200,
      'MalformedAnswer',
      'the listing does not say whether more follows (IsTruncated is missing)',
    );
  }
}

/** Stored pages are answers to these two. Whatever else is answered by a page was not done by an S3 service. */
const mayBePage = new Set(['GetObjectCommand', 'HeadObjectCommand']);

function isPage(commandName: string, { headers }: RawResponse): boolean {
  return !mayBePage.has(commandName) && /^text\/html/i.test(headers['content-type'] ?? '');
}

function describe(text: string, found: string | undefined): string {
  if (text.trim() === '') return 'empty';
  if (/^\s*<(!doctype html|html)/i.test(text)) return 'an HTML page';
  return found === undefined ? 'no XML' : `a <${found}> document`;
}
