import { suggest, type BackendCatalog } from '../../options/catalog.ts';
import type { LocalOptions } from './definition.ts';

/** Questions and suggestions of the local backend. */
export const catalog: BackendCatalog<keyof LocalOptions> = {
  options: {
    nounc: { examples: suggest([undefined, { true: 'no long UNC paths' }]) },
    time_type: {
      examples: suggest([
        undefined,
        { mtime: 'last change', atime: 'last read', btime: 'creation', ctime: 'last change of the properties' },
      ]),
    },
  },
};
