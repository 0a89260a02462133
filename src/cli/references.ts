import type { Backend } from '../core/backend.ts';
import { hasCode, isTscloneError, messageOf } from '../core/errors.ts';
import { callOptions } from '../operations/context.ts';
import { locate, locatePlace, type Located, type Open, type Place } from '../operations/locate.ts';
import { isFile } from '../operations/remove.ts';
import type { Session } from '../session.ts';
import type { CommandContext } from './command.ts';
import { StartError } from './errors.ts';
import { NotBuiltIn } from './hand-over.ts';
import { checkOverrides } from './overrides.ts';

/**
 * Opens remotes; what goes wrong there ends the command before it starts. `tells`: a directory with the name of a remote is
 * worth a word; rclone has none for the name of an object.
 */
export async function opener(c: CommandContext, { tells = true } = {}): Promise<Open> {
  const session = await c.session();
  return async (reference) => {
    try {
      checkOverrides(session, reference);
      if (tells) tellMissingColon(c, session, reference);
      return await session.open(reference);
    } catch (e) {
      if (hasCode(e, 'backend_not_built')) throw new NotBuiltIn('remote', cannotOpen(reference, e).message);
      throw isTscloneError(e) || e instanceof StartError ? cannotOpen(reference, e) : e;
    }
  };
}

const told = new WeakMap<CommandContext, Set<string>>();

/** As rclone, of the remotes of the file: `copy media r2` makes a directory `r2` here. */
function tellMissingColon(c: CommandContext, session: Session, reference: string): void {
  const known = told.get(c) ?? new Set();
  if (known.has(reference) || !session.remotes().some((r) => r.name === reference && r.source === 'file')) return;
  told.set(c, known.add(reference));
  const message = `"${reference}" refers to a local folder, use "${reference}:" to refer to your remote or "./${reference}" to hide this warning`;
  c.operation.emit({ type: 'log', level: 'notice', message });
}

/** rclone's line for a remote that cannot be used. */
export function cannotOpen(reference: string, e: unknown): StartError {
  return new StartError(`Failed to create file system for ${JSON.stringify(reference)}: ${messageOf(e)}`);
}

/** An object or a directory, found out with as few requests as possible. */
export async function source(c: CommandContext, reference: string): Promise<Located> {
  const located = await find(c, reference);
  if (located.file && c.operation.filter?.active) throw cannotFilter(reference);
  return located;
}

/** As rclone: a single object and filters do not go together, whether they let it through or not. */
export function cannotFilter(reference: string): StartError {
  return new StartError(`can't limit to single files when using filters: ${reference}`);
}

/** As `source`, for commands that take the one object that was named whatever the filters say. */
export async function sourceUnfiltered(c: CommandContext, reference: string): Promise<Located> {
  return find(c, reference);
}

/** A reference that the options of its remote rule out ends the command before it starts. */
async function find(c: CommandContext, reference: string): Promise<Located> {
  try {
    return await locate(await opener(c), reference, callOptions(c.operation));
  } catch (e) {
    throw hasCode(e, 'bad_config') ? cannotOpen(reference, e) : e;
  }
}

/** A directory that need not exist; an object under this name is refused before the command starts. */
export async function directory(c: CommandContext, reference: string): Promise<Backend> {
  const open = await opener(c);
  let located: Located;
  try {
    located = await locate(open, reference, callOptions(c.operation));
  } catch (e) {
    if (hasCode(e, 'aborted') || !isTscloneError(e)) throw e;
    throw cannotOpen(reference, e);
  }
  if (located.file) throw cannotOpen(reference, isFile());
  return located.backend;
}

/** The place of an object that need not exist, without any request. */
export async function place(c: CommandContext, reference: string): Promise<Place> {
  const open = await opener(c, { tells: false });
  try {
    return await locatePlace(open, reference);
  } catch (e) {
    throw hasCode(e, 'is_directory') ? new StartError(e.message) : e;
  }
}

/** The root as the user named it. */
export const shownRoot = (b: Backend): string =>
  b.features.isLocal ? b.description.replace(/^Local file system at /, '') : b.root;
