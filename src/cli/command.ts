import type { Emit } from '../core/events.ts';
import type { Session } from '../session.ts';
import type { Accounting } from '../operations/accounting.ts';
import type { OperationContext } from '../operations/context.ts';
import type { FlagSpec, FlagValues } from './flags.ts';

/** Where results go. `write` resolves when the receiver has taken the bytes; a closed receiver ends the command quietly. */
export interface Output {
  write(data: string | Uint8Array): Promise<void>;
  line(text: string): Promise<void>;
}

/** Everything a command may use. */
export interface CommandContext {
  readonly session: Session;
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly out: Output;
  readonly stdin: NodeJS.ReadStream | AsyncIterable<Uint8Array>;
  /** True when stdin is a terminal or /dev/null: nothing can be read from it. */
  readonly stdinIsEmpty: boolean;
  readonly emit: Emit;
  /** Counts transfers, checks, errors; decides the exit code. */
  readonly accounting: Accounting;
  /** For operations: session limits, dry run, signal. */
  readonly operation: OperationContext;
  readonly signal: AbortSignal;
}

/** A group of global flags named in a command's help. */
export type FlagGroup = 'Important' | 'Copy' | 'Sync' | 'Filter' | 'Listing';

export interface CommandDefinition {
  /** `copyto`, or two words: `config create`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Longer help, plain text. */
  readonly help: string;
  /** How arguments are shown: `source:path dest:path`. */
  readonly usage: string;
  readonly minArgs: number;
  /** Infinity = any number. */
  readonly maxArgs: number;
  readonly flags?: readonly FlagSpec[];
  readonly groups?: readonly FlagGroup[];
  readonly examples?: readonly string[];
  /** Runs again on errors, up to --retries (rclone's R). */
  readonly retries?: boolean;
  /** Prints the stats block at the end at INFO (rclone's S). */
  readonly stats?: boolean;
  readonly hidden?: boolean;
  /** Resolves when done; throws the error that ends it. Errors that were only counted are in `accounting`. */
  run(c: CommandContext): Promise<void>;
}

export function defineCommand(definition: CommandDefinition): CommandDefinition {
  return definition;
}
