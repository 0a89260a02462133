import { fileURLToPath } from 'node:url';
import { run, sharedCode } from './run.ts';

const driver = fileURLToPath(new URL('terminal_driver.py', import.meta.url));

export interface PtyOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly answers: readonly string[];
  /** What the end of the output looks like when an answer is waited for. */
  readonly prompts?: string;
}

export interface PtySession {
  /** What was shown before each answer (with the echo of the one before), and the answer. */
  readonly steps: readonly (readonly [shown: string, answer: string])[];
  /** What was shown behind the last answer. */
  readonly rest: string;
  readonly code: number;
  /** Everything that was shown, without colours. */
  readonly screen: string;
}

/** Runs a program on a pseudo-terminal of python3 and answers its prompts one by one. `^C` presses Ctrl-C. */
export async function runOnPty(python: string, argv: readonly string[], o: PtyOptions): Promise<PtySession> {
  const job = {
    argv,
    cwd: o.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: o.cwd, TZ: 'UTC', TERM: 'xterm', ...sharedCode, ...o.env },
    answers: o.answers,
    prompts: o.prompts ?? '(> |(^|\\n)password:)$',
    timeout: 100,
  };
  const done = await run(python, [driver], { stdin: JSON.stringify(job), timeoutMs: 120_000 });
  if (done.code !== 0) throw new Error(`terminal_driver.py: ${done.stderr}`);
  const { killed, left, ...session } = JSON.parse(done.stdout.toString()) as PtySession & {
    killed: string | null;
    left: string[];
  };
  const screen = [...session.steps.map(([shown]) => shown), session.rest]
    .join('')
    .replaceAll('\r\n', '\n')
    // eslint-disable-next-line no-control-regex
    .replace(/\x1b\[[0-9;]*m/g, '');
  if (killed !== null || left.length > 0) {
    throw new Error(`${killed ?? 'ended early'}, answers left: ${JSON.stringify(left)}\n${screen.slice(-1500)}`);
  }
  return { ...session, screen };
}
