import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built command line. `npm test` builds it first. */
export const tscloneBin = fileURLToPath(new URL('../../dist/cli/bin.js', import.meta.url));

/** Compiled code that runs share: into their own HOME each would write it anew. */
export const sharedCode = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/tsclone-code', import.meta.url)),
} as const;

export interface RunResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** Ends the program when it takes longer. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. Without `stdin` it gets /dev/null. Nothing of this process's RCLONE_ variables reaches it. */
export function run(program: string, args: readonly string[], o: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: o.cwd,
      env: { PATH: process.env['PATH'] ?? '', HOME: o.cwd ?? '/nonexistent', TZ: 'UTC', ...sharedCode, ...o.env },
      stdio: [o.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    let err = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), o.timeoutMs ?? 60_000);
    child.stdout?.on('data', (b: Buffer) => out.push(b));
    child.stderr?.on('data', (b: Buffer) => (err += b.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out), stderr: err });
    });
    if (o.stdin !== undefined) {
      child.stdin?.on('error', () => {});
      child.stdin?.end(o.stdin);
    }
  });
}

/** Runs tsclone as a user would. */
export function tsclone(args: readonly string[], o: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [tscloneBin, ...args], o);
}
