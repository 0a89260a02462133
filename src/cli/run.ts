import { hasCode, messageOf, TscloneError } from '../core/errors.ts';
import type { CommandContext, CommandDefinition } from './command.ts';
import { EndWith, StartError } from './errors.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Logger } from './render/log.ts';
import type { Report } from './render/report.ts';
import { ClosedOutput } from './output.ts';
import { Interrupted } from './prompt.ts';

/**
 * Runs a command, again after errors where it allows that, prints the statistics and the closing line, and answers the
 * exit code. Errors of the start, of the command line and of a closed output are thrown on.
 */
export async function runWithRetries(
  command: CommandDefinition,
  c: CommandContext,
  logger: Logger,
  report: Report,
  flush: () => Promise<void>,
): Promise<number> {
  const { accounting, signal, platform } = c.operation;
  const { flags } = c;
  const tries = command.retries ? Math.max(1, flags.int('retries')) : 1;
  let failure: Error | undefined;
  try {
    for (let attempt = 1; attempt <= tries; attempt++) {
      failure = await once(command, c, flush);
      if (failure === undefined) {
        if (attempt > 1) logger.log('error', `Attempt ${attempt}/${tries} succeeded`);
        break;
      }
      if (signal?.aborted) throw failure;
      if (!command.retries) break;
      if (accounting.fatalError) {
        logger.log('error', 'Fatal error received - not attempting retries');
        break;
      }
      if (!accounting.retryError) {
        logger.log('error', "Can't retry any of the errors - not attempting retries");
        break;
      }
      const count = accounting.errors;
      logger.log('error', `Attempt ${attempt}/${tries} failed with ${count} errors and: ${messageOf(failure)}`);
      if (attempt === tries) break;
      accounting.resetErrors();
      await platform.sleep(Number(flags.duration('retries-sleep') / 1_000_000n), signal);
    }
  } finally {
    report.stop();
  }
  report.conclude();
  if (failure === undefined) {
    if (flags.bool('error-on-no-transfer') && command.stats && accounting.transfers === 0) {
      failure = new TscloneError('nothing_transferred', 'no files transferred', { retry: 'no' });
    } else return 0;
  }
  const several = accounting.errors > 1 ? ` with ${accounting.errors} errors: last error was` : '';
  logger.log('notice', `Failed to ${command.name.split(' ')[0]}${several}: ${messageOf(failure)}`);
  return exitCodeOf(failure);
}

/** One try. Answers the error that it ended with, or the last one that it counted. */
async function once(
  command: CommandDefinition,
  c: CommandContext,
  flush: () => Promise<void>,
): Promise<Error | undefined> {
  const { accounting } = c.operation;
  try {
    await command.run(c);
    await flush();
    return accounting.lastError;
  } catch (e) {
    if (
      e instanceof StartError ||
      e instanceof ClosedOutput ||
      hasCode(e, 'usage') ||
      e instanceof Interrupted ||
      e instanceof EndWith
    )
      throw e;
    await flush();
    return accounting.error(e);
  }
}
