import { crypt, gzip, overMemory, overS3 } from '../support/stacks.ts';
import { conformance } from './suite.ts';

// Noise, which is stored as it is.
conformance('compress over memory, noise', () => overMemory({ top: { ...gzip, remote: 'mem:bucket/dir' } }));

conformance('crypt over compress over s3', () =>
  overS3({ top: { ...crypt, remote: 'mid:' }, mid: { ...gzip, remote: 's:bucket/prefix' } }),
);
