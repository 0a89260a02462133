import type { BackendCommand } from '../../core/definition.ts';

/** Commands on names; `cli/commands/cryptdecode.ts` runs them. */
export const cryptCommands: readonly BackendCommand[] = [
  { name: 'encode', summary: 'Encrypt names', usage: 'name…', help: 'One line for each name.' },
  { name: 'decode', summary: 'Decrypt names', usage: 'name…', help: 'One line for each name.' },
];
