import { metadataOfBelow, suggest, type BackendCatalog } from '../../options/catalog.ts';
import type { CompressOptions } from './options.ts';

/** Questions and suggestions of the compress backend. */
export const catalog: BackendCatalog<keyof CompressOptions> = {
  metadata: metadataOfBelow,
  options: {
    mode: {
      examples: suggest([
        undefined,
        { gzip: 'every program can unpack it', zstd: 'faster and smaller; written by Node 22.15 and later' },
      ]),
    },
  },
};
