import type { Writable } from 'node:stream';
import type { LogLevel } from '../core/events.ts';
import type { Platform } from '../core/platform.ts';
import type { PasswordSources } from '../node/config-password.ts';
import type { FlagValues } from '../options/flags.ts';
import type { BufferedOutput } from './output.ts';
import { Prompter, type PromptIo } from './prompt.ts';

/** Questions on the streams of the process. */
export function createPrompter(
  io: Pick<PromptIo, 'stdin' | 'terminal' | 'signal'> & { readonly stderr: Writable },
  out: BufferedOutput,
): Prompter {
  return new Prompter({
    stdin: io.stdin,
    terminal: io.terminal,
    signal: io.signal,
    async say(text) {
      await out.write(text);
      await out.flush();
    },
    hint: (text) => void io.stderr.write(text),
  });
}

/** Where the password of an encrypted config may come from in this run. */
export function passwordSources(
  flags: FlagValues,
  platform: Platform,
  prompter: Prompter,
  logger: { log(level: LogLevel, message: string): void },
): PasswordSources {
  // A person may try as often as they like, a pipe only a few times: it may hold data instead of passwords.
  const ask: NonNullable<PasswordSources['ask']> = {
    password: (prompt) => prompter.secret(prompt),
    say: (text) => prompter.hint(text),
    tries: prompter.isTerminal ? Number.POSITIVE_INFINITY : 10,
  };
  return {
    platform,
    command: flags.list('password-command').filter((word) => word !== ''),
    ...(flags.bool('ask-password') ? { ask } : {}),
    log: (level, message) => logger.log(level, message),
  };
}
