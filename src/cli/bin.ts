#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { existsSync, fstatSync, statSync } from 'node:fs';
import * as module from 'node:module';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { setFlagsFromString } from 'node:v8';

// The SDK would print a notice on older Node lines; wrappers take any byte on stderr as a failure.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`tsclone needs Node 20.19 or newer; this is ${process.versions.node}\n`);
  process.exit(1);
}

keepCompiled();
const { runCli } = await import('./main.ts');
const { interrupted } = await import('./exit-code.ts');
const { openTerminal } = await import('../node/terminal.ts');

const stop = new AbortController();
// Every transfer under way listens to it.
setMaxListeners(0, stop.signal);
/** As the shell tells of a program that a signal ended. */
const codes = { SIGINT: interrupted, SIGTERM: 143 } as const;
let stoppedBy: keyof typeof codes | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one waits for nothing.
    if (stoppedBy) process.exit(codes[signal]);
    stoppedBy = signal;
    stop.abort();
  });
}

// Without a listener it ends the process.
let toggle = (): void => {};
if (process.platform !== 'win32') process.on('SIGUSR2', () => toggle());

const terminal = isatty(0) ? openTerminal() : undefined;
const code = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: terminal?.input ?? process.stdin,
  stdinIsEmpty: stdinIsEmpty(),
  ...(terminal ? { terminal } : {}),
  signal: stop.signal,
  onToggle: (f) => (toggle = f),
  // A stream leaves its buffers outside of the heap, where collections of young objects free them: many small ones, in place
  // of a few large ones, hold a third less memory. Commands with many objects would pay for it with CPU time.
  onStream: () => {
    setFlagsFromString('--semi-space-growth-factor=1');
    setFlagsFromString('--max-semi-space-size=2');
  },
  ...(process.argv[1] === undefined ? {} : { programDir: dirname(process.argv[1]) }),
});
process.exit(code === interrupted && stoppedBy ? codes[stoppedBy] : code);

/**
 * Keeps what V8 compiles for the next start (Node 22.8). Not in the folder for temporary files, Node's default: there, others
 * could lay code ready.
 */
function keepCompiled(): void {
  const home = process.env['HOME'];
  const caches = process.env['XDG_CACHE_HOME'] || (home && existsSync(home) && join(home, '.cache'));
  if (caches) module.enableCompileCache?.(join(caches, 'tsclone'));
}

/** A terminal, /dev/null or a closed descriptor gives nothing to read. */
function stdinIsEmpty(): boolean {
  if (isatty(0)) return true;
  try {
    const s = fstatSync(0);
    return s.isCharacterDevice() && s.rdev === statSync('/dev/null').rdev;
  } catch {
    return true;
  }
}
