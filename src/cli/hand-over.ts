import { findRclone, runRclone } from '../node/rclone.ts';
import { findConfigPath } from '../node/config-file.ts';
import type { CommandContext } from './command.ts';
import { EndWith, StartError, usageError } from './errors.ts';

/** What tsclone has no part for and a real rclone may have: a command, or the type of a remote. */
export class NotBuiltIn extends StartError {
  /** `command`: shown as a mistake of the command line (exit 2); `remote`: as a failure of the start (exit 1). */
  readonly what: 'command' | 'remote';

  constructor(what: NotBuiltIn['what'], message: string) {
    super(message);
    this.what = what;
  }
}

export interface HandOverOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly programDir?: string | undefined;
}

/** The command line for rclone, and what it says about handing over. */
export interface HandOverWish {
  readonly args: readonly string[];
  readonly binary: string | undefined;
  readonly forbidden: boolean;
}

/** Takes tsclone's own flags about the hand-over out of a command line: rclone does not know them. */
export function readWish(argv: readonly string[], env: HandOverOptions['env']): HandOverWish {
  const args: string[] = [];
  let binary: string | undefined;
  let forbidden = /^(1|t|true)$/i.test(env['RCLONE_NO_FALLBACK'] ?? '');
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === '--') {
      args.push(...argv.slice(i));
      break;
    }
    const [, name, value] = /^--(rclone-binary|no-fallback)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === 'rclone-binary') binary = value ?? argv[++i];
    else if (name === 'no-fallback') forbidden = value === undefined || /^(1|t|true)$/i.test(value);
    else args.push(arg);
  }
  return { args, binary, forbidden };
}

/**
 * Runs the whole command line by a real rclone, with the same config, environment and streams, and answers its exit code.
 * @throws StartError, usage, when there is no rclone or the hand-over is forbidden
 */
export async function handOver(missing: NotBuiltIn, o: HandOverOptions): Promise<number> {
  const wish = readWish(o.argv, o.env);
  return runRclone(findProgram(missing, wish, o.env), wish.args, withConfig(o));
}

function findProgram(
  missing: NotBuiltIn,
  { binary, forbidden }: Pick<HandOverWish, 'binary' | 'forbidden'>,
  env: HandOverOptions['env'],
): string {
  if (forbidden) throw refusal(missing, 'leave out --no-fallback to let a real rclone do it');
  const self = process.argv[1] === undefined ? [] : [process.argv[1]];
  const program = findRclone({ env, named: binary, self });
  if (program === undefined)
    throw refusal(missing, 'a real rclone would do it: install one, or name it by --rclone-binary or TSCLONE_RCLONE');
  return program;
}

/**
 * Lets a real rclone do a part of a command: with the same config and environment, on this process's streams or with another
 * standard input. Resolves when it ended well.
 * @throws EndWith its exit code; StartError when there is no rclone or the hand-over is forbidden
 */
export async function runElsewhere(
  missing: NotBuiltIn,
  c: CommandContext,
  args: readonly string[],
  stdin?: AsyncIterable<Uint8Array>,
): Promise<void> {
  const wish = { binary: c.flags.string('rclone-binary'), forbidden: c.flags.bool('no-fallback') };
  const program = findProgram(missing, wish, c.env);
  const { path } = await c.configStore();
  const password = c.flags.isSet('password-command') ? ['--password-command', c.flags.text('password-command')] : [];
  const code = await runRclone(program, ['--config', path, ...password, ...args], c.env, stdin);
  if (code !== 0) throw new EndWith(code);
}

function refusal({ what, message }: NotBuiltIn, remedy: string): Error {
  const text = `${message}; ${remedy}`;
  return what === 'command' ? usageError(text) : new StartError(text);
}

/** rclone looks for its config beside its own program, so it is told where ours is. */
function withConfig({ env, programDir }: HandOverOptions): HandOverOptions['env'] {
  if (env['RCLONE_CONFIG'] !== undefined) return env;
  const found = findConfigPath(env, undefined, programDir);
  return found === '' ? env : { ...env, RCLONE_CONFIG: found };
}
