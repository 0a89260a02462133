import { spawn } from 'node:child_process';
import { configKey, type ConfigKey } from '../config/encrypt.ts';
import { messageOf, TscloneError } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';
import type { Platform } from '../core/platform.ts';
import type { FindKey } from './config-file.ts';

/** Where the password of an encrypted config may come from. */
export interface PasswordSources {
  readonly platform: Pick<Platform, 'createHash' | 'env'>;
  /** Given by the calling program: then nothing else is tried. */
  readonly password?: string;
  /** --password-command: program and arguments; empty = none. */
  readonly command?: readonly string[];
  /** Asks a person, without echo; absent = nobody may be asked. */
  readonly ask?: { password(prompt: string): Promise<string>; say(text: string): void; readonly tries: number };
  log?(level: LogLevel, message: string): void;
}

const mostOutput = 64 * 1024;

/** The sources in rclone's order: command, RCLONE_CONFIG_PASS, a person. A source that is there and wrong ends it. */
export function keyFinder(s: PasswordSources): FindKey {
  return async (open) => {
    const { ask } = s;
    if (s.password !== undefined) {
      const key = keyOf(s, s.password);
      return { key, opened: mustOpen(s, open, key, 'configPassword') };
    }
    if (s.command?.length) {
      const key = keyOf(s, await runPasswordCommand(s, s.command, false));
      return { key, opened: mustOpen(s, open, key, '--password-command derived') };
    }
    const given = s.platform.env['RCLONE_CONFIG_PASS'];
    if (given) {
      let key: ConfigKey;
      try {
        key = keyOf(s, given);
      } catch (e) {
        s.log?.('error', `Using RCLONE_CONFIG_PASS returned: ${messageOf(e)}`);
        throw cannotDecrypt('RCLONE_CONFIG_PASS env');
      }
      return { key, opened: mustOpen(s, open, key, 'RCLONE_CONFIG_PASS env') };
    }
    if (!ask) {
      throw failed(
        'unable to decrypt configuration and not allowed to ask for password - set RCLONE_CONFIG_PASS to your configuration password',
      );
    }
    for (let left = ask.tries; left > 0; left--) {
      const key = await askKey(s, ask, 'Enter configuration password:');
      const opened = open(key);
      if (opened !== undefined) return { key, opened };
      s.log?.('error', wrongPassword);
    }
    throw cannotDecrypt('typed');
  };
}

/** The key of a new password: from the command, told by RCLONE_PASSWORD_CHANGE, or typed twice. */
export async function newConfigKey(s: PasswordSources): Promise<ConfigKey> {
  if (s.command?.length) return keyOf(s, await runPasswordCommand(s, s.command, true));
  if (!s.ask) throw failed('not allowed to ask for a new password - use --password-command');
  const { ask } = s;
  for (;;) {
    const first = await askUsable(s, ask, 'Enter NEW configuration password:');
    const again = await askUsable(s, ask, 'Confirm NEW configuration password:');
    if (first === again) return configKey(s.platform, first);
    ask.say('Passwords do not match!\n');
  }
}

type Ask = NonNullable<PasswordSources['ask']>;

async function askKey(s: PasswordSources, ask: Ask, prompt: string): Promise<ConfigKey> {
  return configKey(s.platform, await askUsable(s, ask, prompt));
}

async function askUsable(s: PasswordSources, ask: Ask, prompt: string): Promise<string> {
  ask.say(`${prompt}\n`);
  for (;;) {
    const typed = await ask.password('password:');
    try {
      keyOf(s, typed);
      return typed;
    } catch (e) {
      ask.say(`Bad password: ${messageOf(e)}\n`);
    }
  }
}

function keyOf(s: PasswordSources, password: string): ConfigKey {
  if (password !== password.trim()) {
    const note =
      'Your password contains leading/trailing whitespace - in previous versions of rclone this was stripped';
    if (s.ask) s.ask.say(`${note}\n`);
    else s.log?.('notice', note);
  }
  return configKey(s.platform, password);
}

const wrongPassword = "Couldn't decrypt configuration, most likely wrong password.";

function mustOpen<T>(s: PasswordSources, open: (key: ConfigKey) => T | undefined, key: ConfigKey, source: string): T {
  const opened = open(key);
  if (opened !== undefined) return opened;
  s.log?.('error', wrongPassword);
  throw cannotDecrypt(source);
}

const cannotDecrypt = (source: string): TscloneError =>
  failed(`using ${source} password, unable to decrypt configuration`);

function failed(reason: string): TscloneError {
  return new TscloneError('bad_config', reason, { retry: 'no' });
}

/** Runs the program without a shell; what it prints is the password. */
async function runPasswordCommand(s: PasswordSources, command: readonly string[], change: boolean): Promise<string> {
  let printed: { output: string; errors: string; problem: string | undefined };
  try {
    printed = await run(command, s.platform.env, change);
  } catch (e) {
    printed = { output: '', errors: '', problem: startProblem(command, e) };
  }
  if (printed.problem !== undefined) {
    s.log?.('error', `Using --password-command returned: ${printed.problem}`);
    if (printed.errors.trim() !== '') s.log?.('error', `--password-command stderr: ${printed.errors.trim()}`);
    throw failed(`password command failed: ${printed.problem}`);
  }
  const password = printed.output.replace(/^[\r\n]+|[\r\n]+$/g, '');
  if (password === '') throw failed('--password-command returned empty string');
  return password;
}

function run(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  change: boolean,
): Promise<{ output: string; errors: string; problem: string | undefined }> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...env, ...(change ? { RCLONE_PASSWORD_CHANGE: '1' } : {}) },
      stdio: ['inherit', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < mostOutput) output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (errors.length < mostOutput) errors += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const problem = signal ? `signal: ${signal}` : code === 0 ? undefined : `exit status ${code}`;
      resolve({ output, errors, problem });
    });
  });
}

/** In Go's words. */
function startProblem([program = '']: readonly string[], e: unknown): string {
  const code = (e as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' && !program.includes('/'))
    return `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  const reasons: Partial<Record<string, string>> = { ENOENT: 'no such file or directory', EACCES: 'permission denied' };
  return `fork/exec ${program}: ${reasons[code ?? ''] ?? messageOf(e)}`;
}
