import type { BackendCommand } from '../../core/definition.ts';

/** Commands on the cache of checksums. */
export const hasherCommands: readonly BackendCommand[] = [
  { name: 'drop', summary: 'Empty the cache', help: 'For all paths of the remote.' },
  {
    name: 'dump',
    summary: 'Show what is cached below a path',
    help: 'One line for each file: state, checksums, age, path.',
  },
  { name: 'fulldump', summary: 'Show the whole cache', help: 'As dump, for every remote that shares it.' },
  {
    name: 'import',
    summary: 'Fill the cache from a file of checksums',
    usage: 'TYPE SUMFILE',
    help: 'Each file is looked at: its checksum counts until the file changes.',
  },
  {
    name: 'stickyimport',
    summary: 'Fill the cache from a file of checksums, whatever the files are',
    usage: 'TYPE SUMFILE',
    help: 'No file is looked at: what is imported counts until the cache is emptied.',
  },
];
