import type { BackendDefinition } from '../../core/definition.ts';
import { s3Options, type S3Options } from './options.ts';

/** Amazon S3 and everything that speaks its protocol. */
export const s3: BackendDefinition<S3Options> = {
  type: 's3',
  summary: 'Amazon S3, Cloudflare R2 and 56 other S3 services',
  options: s3Options,
  commands: async () => (await import('./commands/help.ts')).s3Commands,
  async open(args) {
    const [{ connect }, { createS3Backend }] = await Promise.all([import('./client.ts'), import('./backend.ts')]);
    return createS3Backend(await connect(args));
  },
};
