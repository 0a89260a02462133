import { suggest, type BackendCatalog } from '../../options/catalog.ts';
import type { LocalOptions } from './definition.ts';

/** Questions and suggestions of the local backend. */
export const catalog: BackendCatalog<keyof LocalOptions> = {
  metadata: {
    help: 'Mode, owner and times of files and directories. Other keys would need extended attributes, which Node does not reach.',
    system: {
      atime: { type: 'RFC 3339', example: '2026-01-31T12:00:00.123456789Z', help: 'When it was read last' },
      btime: {
        type: 'RFC 3339',
        example: '2026-01-31T12:00:00.123456789Z',
        help: 'When it was made; read, never written',
      },
      gid: { type: 'decimal number', example: '500', help: 'Number of the group' },
      mode: { type: 'octal, unix style', example: '0100664', help: 'Type and rights' },
      mtime: { type: 'RFC 3339', example: '2026-01-31T12:00:00.123456789Z', help: 'When it was changed last' },
      uid: { type: 'decimal number', example: '500', help: 'Number of the owner' },
    },
  },
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
