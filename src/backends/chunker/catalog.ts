import type { BackendCatalog } from '../../options/catalog.ts';
import type { ChunkerOptions } from './options.ts';

/** What rclone keeps off its command line. */
export const catalog: BackendCatalog<keyof ChunkerOptions> = {
  options: {
    name_format: { hide: 'flags' },
    start_from: { hide: 'flags' },
    meta_format: { hide: 'flags' },
    transactions: { hide: 'flags' },
  },
};
