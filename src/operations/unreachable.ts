import { TscloneError } from '../core/errors.ts';

/** Names of a store that paths have for something else (`a/../b`, `./x`): they stay where they are, and that is an error. */
export function unreachableError(path: string, names: readonly string[]): TscloneError {
  const shown = JSON.stringify(names[0]);
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  return new TscloneError(
    'bad_path',
    `${shown}${more}: no path leads to such a name. It is left out; give it another`,
    {
      path,
      retry: 'no',
    },
  );
}
