import { spawn } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, TscloneError } from '../core/errors.ts';

/** Set in the environment of the rclone that work is handed to: whoever finds it set is that rclone. */
const marker = 'TSCLONE_HANDED_OVER';

export interface FindRcloneOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--rclone-binary`. */
  readonly named?: string | undefined;
  /** Programs that are tsclone itself, under whatever name. */
  readonly self: readonly string[];
}

/**
 * The real rclone: the one that is named, else `TSCLONE_RCLONE`, else `rclone` in PATH. tsclone under that name is passed over.
 * @throws bad_config when the named program cannot be run or is tsclone.
 */
export function findRclone({ env, named, self }: FindRcloneOptions): string | undefined {
  if (env[marker] !== undefined) return undefined;
  const own = new Set(self.map(real));
  for (const [program, source] of [
    [named, '--rclone-binary'],
    [env['TSCLONE_RCLONE'], 'TSCLONE_RCLONE'],
  ] as const) {
    if (program === undefined || program === '') continue;
    const path = program.includes('/') ? program : inPath(program, env).find(isProgram);
    const fail = (why: string): TscloneError =>
      new TscloneError('bad_config', `${source}: ${program} ${why}: name the path of a real rclone`, { retry: 'no' });
    if (path === undefined || !isProgram(path)) throw fail('is not a program that can be run');
    if (own.has(real(path))) throw fail('is tsclone itself');
    return path;
  }
  return inPath('rclone', env).find((path) => isProgram(path) && !own.has(real(path)));
}

const inPath = (name: string, env: FindRcloneOptions['env']): string[] =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .flatMap((dir) => (process.platform === 'win32' ? [join(dir, `${name}.exe`)] : [join(dir, name)]));

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Runs rclone with these arguments on this process's streams, or with other input, and answers its exit code; a signal counts
 * as 128 + number.
 */
export function runRclone(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stdin?: AsyncIterable<Uint8Array>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [stdin ? 'pipe' : 'inherit', 'inherit', 'inherit'],
      env: { ...env, [marker]: '1' },
    });
    // It may end before it has read everything.
    if (stdin && child.stdin) void pipeline(Readable.from(stdin), child.stdin).catch(() => {});
    // A terminal sends Ctrl-C to both by itself.
    const signals: NodeJS.Signals[] = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of signals) process.on(signal, pass);
    const done = (): void => {
      for (const signal of signals) process.off(signal, pass);
    };
    child.on('error', (e) => {
      done();
      reject(new TscloneError('io', `${program} could not be started: ${messageOf(e)}`, { retry: 'no', cause: e }));
    });
    child.on('close', (code, signal) => {
      done();
      resolve(code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]));
    });
  });
}
