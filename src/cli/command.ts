import type { Session } from '../session.ts';
import type { ConfigStore } from '../node/config-file.ts';
import type { PasswordSources } from '../node/config-password.ts';
import type { OperationContext } from '../operations/context.ts';
import type { FlagSpec, FlagValues } from '../options/flags.ts';
import type { Prompter } from './prompt.ts';

/** Where results go. `write` resolves when the receiver has taken the bytes; a closed receiver ends the command quietly. */
export interface Output {
  write(data: string | Uint8Array): Promise<void>;
  line(text: string): Promise<void>;
  /** Somebody looks at it. */
  readonly isTerminal: boolean;
}

/** Everything a command may use. */
export interface CommandContext {
  /** Opens the config on its first use. @throws StartError */
  session(): Promise<Session>;
  /** The file of the config; does not complain when there is none. */
  configStore(): Promise<ConfigStore>;
  readonly args: readonly string[];
  readonly flags: FlagValues;
  /** Texts of flags of the built-in backends, by name without dashes. */
  readonly backendFlags: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: Output;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** True when stdin is a terminal or /dev/null: nothing can be read from it. */
  readonly stdinIsEmpty: boolean;
  /** Asks for answers on standard input. */
  readonly prompter: Prompter;
  /** Where passwords of configs come from. */
  readonly passwords: PasswordSources;
  /** For operations: settings, signal, events, counts. */
  readonly operation: OperationContext;
}

/** A group of global flags named in a command's help. */
export type FlagGroup = 'Important' | 'Copy' | 'Sync' | 'Filter' | 'Listing';

export interface CommandDefinition {
  /** `copyto`, or up to three words: `config create`, `config encryption set`. */
  readonly name: string;
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
  /** Runs again on errors, up to --retries. */
  readonly retries?: boolean;
  /** Prints the stats block at the end at INFO. */
  readonly stats?: boolean;
  /** Passes one long stream on. */
  readonly streams?: boolean;
  readonly hidden?: boolean;
  /** Resolves when done; throws the error that ends it. Errors that were only counted are in `operation.accounting`. */
  run(c: CommandContext): Promise<void>;
}

/** A flag without an argument, as commands declare them. */
export function switchFlag(name: string, help: string, short?: string): FlagSpec {
  return { name, type: 'bool', default: 'false', help, ...(short === undefined ? {} : { short }) };
}
