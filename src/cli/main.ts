import { Writable } from 'node:stream';
import type { HttpHeader } from '../core/backend.ts';
import { hasCode, messageOf } from '../core/errors.ts';
import type { Event } from '../core/events.ts';
import { nearest } from '../core/nearest.ts';
import { findConfigPath, openConfigStore, type ConfigStore } from '../node/config-file.ts';
import { nodePlatform } from '../node/platform.ts';
import { nodeRegistry } from '../node/registry.ts';
import { Accounting } from '../operations/accounting.ts';
import type { OperationContext } from '../operations/context.ts';
import { globalFlags } from '../options/global.ts';
import { commandsNotBuilt, subcommandsNotBuilt } from '../options/rclone-commands.ts';
import { createSession, type Session } from '../session.ts';
import { createBackendFlags } from './backend-flags.ts';
import type { CommandContext, CommandDefinition } from './command.ts';
import { commands, findCommand } from './commands/index.ts';
import { EndWith, StartError, usageError } from './errors.ts';
import { createConfirm, Quit } from './confirm.ts';
import { exitCodeOf, interrupted } from './exit-code.ts';
import { filterDump, filterOf } from './filters.ts';
import { commandHelp, usageLine } from './help/command.ts';
import { showHelp } from './help/show.ts';
import { pipeWidth } from './help/wrap.ts';
import { handOver, NotBuiltIn } from './hand-over.ts';
import { configureLog } from './logging.ts';
import { Activity } from './render/activity.ts';
import { createLogger, type Logger } from './render/log.ts';
import { startReport, type LogSink } from './render/report.ts';
import { networkOf } from './network.ts';
import { ClosedOutput, createOutput, type BufferedOutput } from './output.ts';
import { applyEnvironment, parseArguments, refuseNotBuilt, type Arguments } from './parse.ts';
import { Interrupted, type Terminal } from './prompt.ts';
import { createPrompter, passwordSources } from './prompting.ts';
import { runWithRetries } from './run.ts';
import { settingsOf, throttleOf } from './settings.ts';
import { version, versionText } from './version.ts';

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdinIsEmpty: boolean;
  /** Set when a person sits at stdin. */
  readonly terminal?: Terminal;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Says what is to be called when somebody sends SIGUSR2. */
  readonly onToggle?: (toggle: () => void) => void;
  /** Told before a command that passes one long stream on. */
  readonly onStream?: () => void;
  /** Folder of the program: an rclone.conf there is found first. */
  readonly programDir?: string;
}

/** A broken pipe, as the shell would report rclone's death by SIGPIPE. */
const brokenPipe = 141;

/** Runs one command line and answers the exit code. Prints; never throws. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const out = createOutput(io.stdout);
  const say = (text: string): void => void io.stderr.write(text);
  const sink: LogSink = { write: say };
  let logger = createLogger('notice', (text) => sink.write(text));
  try {
    const backendFlags = createBackendFlags(nodeRegistry);
    if (argv[0]?.startsWith('__complete')) return await answerShell(argv, backendFlags, io, out);
    const { command, words } = await chooseCommand(argv, backendFlags);
    const width = widthOf(io.stdout);
    if (words === 'help' || command === undefined) {
      return await showHelp({ argv, words, width, env: io.env, programDir: io.programDir, out, say });
    }
    const parsed = await parseArguments(argv, command.flags ?? [], backendFlags);
    if (parsed.version) {
      await out.write(versionText());
      await out.flush();
      return 0;
    }
    const args = parsed.rest.slice(command.name.split(' ').length);
    if (parsed.help) {
      await out.write(commandHelp(command, width));
      await out.flush();
      return 0;
    }
    checkCount(command, args);
    applyEnvironment(parsed.flags, [...globalFlags, ...(command.flags ?? [])], io.env);
    refuseNotBuilt(parsed.flags);
    logger = await configureLog(parsed.flags, sink);
    return await runCommand(command, args, parsed, io, out, logger, sink);
  } catch (e) {
    await out.flush().catch(() => {});
    if (!(e instanceof NotBuiltIn)) return report(e, logger, say);
    return handOver(e, { argv, env: io.env, programDir: io.programDir }).catch((failure: unknown) =>
      report(failure, logger, say),
    );
  }
}

/** What a shell asks when Tab is pressed; nothing but the answer is printed. */
async function answerShell(
  argv: readonly string[],
  backendFlags: ReturnType<typeof createBackendFlags>,
  io: CliIo,
  out: BufferedOutput,
): Promise<number> {
  const { argumentsOfRun, completeCommand, completionRequest } = await import('./complete/command.ts');
  const request = completionRequest(argv);
  if (!request) throw usageError(`unknown command "${argv[0]}" for "tsclone"`);
  const parsed = await argumentsOfRun(request.words, backendFlags);
  const silent = createLogger('notice', () => {});
  return runCommand(completeCommand(request), [], parsed, { ...io, stderr: nowhere() }, out, silent, {
    write: () => {},
  });
}

/** Columns of a terminal; a pipe has as many as help is meant to have at most. */
function widthOf(stdout: Writable & { isTTY?: boolean; columns?: number }): number {
  return stdout.isTTY ? Math.max(40, stdout.columns ?? pipeWidth) : pipeWidth;
}

/** Finds the command among flags: its flags are known only once it is. */
async function chooseCommand(
  argv: readonly string[],
  backendFlags: ReturnType<typeof createBackendFlags>,
): Promise<{ command: CommandDefinition | undefined; words: string }> {
  const plain: string[] = [];
  for (let i = 0; i < argv.length && plain.length < 3; i++) {
    const arg = argv[i] as string;
    if (arg === '--') break;
    if (!arg.startsWith('-') || arg === '-') plain.push(arg);
    else if (await takesNext(arg, backendFlags)) i += 1;
  }
  const [named, second, third] = plain;
  const first = named === 'genautocomplete' ? 'completion' : named;
  if (first === undefined || first === 'help') return { command: undefined, words: first ?? '' };
  const exact = (await findCommand(`${first} ${second} ${third}`)) ?? (await findCommand(`${first} ${second}`));
  if (exact) return { command: exact, words: exact.name };
  const group = commands.filter((c) => c.name.startsWith(`${first} `));
  const command = await findCommand(first);
  // `config` asks questions by itself; a second word can only be one of its commands. Those of `backend` are the remotes'.
  if (command && (group.length === 0 || second === undefined || command.maxArgs > 0))
    return { command, words: command.name };
  if (group.length > 0) {
    if (second === undefined) return { command: undefined, words: first };
    const words = `${first} ${second}`;
    if (commands.some((c) => c.name.startsWith(`${words} `))) return { command: undefined, words };
    if (subcommandsNotBuilt[first]?.includes(second))
      throw new NotBuiltIn('command', `command "${first} ${second}" is not built in tsclone`);
    const near = nearest(
      second,
      group.map((c) => c.name.slice(first.length + 1)),
    );
    throw usageError(
      `unknown command "${second}" for "tsclone ${first}"${near === undefined ? '' : ` (did you mean "${first} ${near}"?)`}`,
    );
  }
  if (commandsNotBuilt.includes(first)) throw new NotBuiltIn('command', `command "${first}" is not built in tsclone`);
  const near = nearest(
    first,
    commands.map((c) => c.name),
  );
  throw usageError(`unknown command "${first}" for "tsclone"${near === undefined ? '' : ` (did you mean "${near}"?)`}`);
}

async function takesNext(arg: string, backendFlags: ReturnType<typeof createBackendFlags>): Promise<boolean> {
  if (arg.includes('=')) return false;
  const spec = arg.startsWith('--')
    ? (globalFlags.find((f) => f.name === arg.slice(2)) ?? (await backendFlags.find(arg.slice(2)))?.spec)
    : arg.length === 2
      ? globalFlags.find((f) => f.short === arg[1])
      : undefined;
  return spec !== undefined && spec.type !== 'bool' && spec.type !== 'count';
}

function checkCount(command: CommandDefinition, args: readonly string[]): void {
  const wrong = args.length < command.minArgs ? 'minimum' : args.length > command.maxArgs ? 'maximum' : undefined;
  if (wrong === undefined) return;
  const limit = wrong === 'minimum' ? command.minArgs : command.maxArgs;
  const given = args.map((a) => JSON.stringify(a)).join(' ');
  throw Object.assign(
    usageError(
      `Command ${command.name.split(' ').at(-1)} needs ${limit} arguments ${wrong}: you provided ${args.length} non flag arguments: [${given}]`,
    ),
    { usage: usageLine(command) },
  );
}

async function runCommand(
  command: CommandDefinition,
  args: readonly string[],
  parsed: Arguments,
  io: CliIo,
  out: BufferedOutput,
  logger: Logger,
  sink: LogSink,
): Promise<number> {
  const { flags } = parsed;
  const accounting = new Accounting();
  const cacheDir = flags.string('cache-dir');
  const platform = nodePlatform(cacheDir === '' ? io.env : { ...io.env, RCLONE_CACHE_DIR: cacheDir });
  const started = performance.now();
  const activity = new Activity(() => (performance.now() - started) / 1000);
  const emit = (event: Event): void => {
    activity.onEvent(event);
    logger.onEvent(event);
  };
  const filter = await filterOf(flags, platform, io.stdin, logger);
  if (flags.string('dump') !== '') await out.write(filterDump(filter));
  const settings = settingsOf(flags);
  const prompter = createPrompter(io, out);
  const quit = new AbortController();
  const confirm = flags.bool('interactive') ? stopping(createConfirm(prompter, logger.log), quit) : undefined;
  const signal = AbortSignal.any([io.signal, quit.signal]);
  platform.expectListeners?.(signal);
  const mapper = flags.list('metadata-mapper');
  const mapMetadata = settings.metadata && mapper.length > 0 ? await loadMapper(mapper) : undefined;
  const throttle = throttleOf(flags, platform, emit);
  if (throttle) io.onToggle?.(throttle.toggle);
  if (command.streams) io.onStream?.();
  const operation: OperationContext = {
    throttle,
    platform,
    emit,
    accounting,
    signal,
    settings,
    filter,
    mapMetadata,
    confirm,
  };
  const passwords = passwordSources(flags, platform, prompter, logger);
  let store: Promise<ConfigStore> | undefined;
  const configStore = (): Promise<ConfigStore> =>
    (store ??= openConfigStore(
      findConfigPath(io.env, flags.isSet('config') ? flags.string('config') : undefined, io.programDir),
      async (open) => (await import('../node/config-password.ts')).keyFinder(passwords)(open),
    ).catch((e: unknown) => {
      throw e instanceof StartError || e instanceof Interrupted ? e : new StartError(messageOf(e));
    }));
  const network = await networkOf(flags);
  const openSession = async (): Promise<Session> => {
    const { path, exists, config } = await configStore();
    if (path !== '' && !exists) logger.log('notice', `Config file "${path}" not found - using defaults`);
    if (path !== '' && exists) logger.log('debug', `Using config file from "${path}"`);
    return createSession({
      platform,
      registry: nodeRegistry,
      config,
      emit,
      backendFlags: flags.bool('links')
        ? new Map([['local-links', 'true'], ...parsed.backendFlags])
        : parsed.backendFlags,
      limits: {
        lowLevelRetries: flags.int('low-level-retries'),
        timeoutMs: milliseconds(flags.duration('timeout')),
        connectTimeoutMs: milliseconds(flags.duration('contimeout')),
        transfers: flags.int('transfers'),
        checkers: flags.int('checkers'),
        streams: Math.max(1, flags.int('multi-thread-streams')),
        streamingUploadCutoff: flags.size('streaming-upload-cutoff'),
        userAgent: flags.string('user-agent') || `tsclone/${version}`,
        useServerModTime: flags.bool('use-server-modtime'),
        headers: headersOf(flags, 'header'),
        uploadHeaders: headersOf(flags, 'header-upload'),
        downloadHeaders: headersOf(flags, 'header-download'),
        network,
        throttle,
      },
    });
  };
  let session: Promise<Session> | undefined;
  const context: CommandContext = {
    session: () => (session ??= openSession()),
    configStore,
    args,
    flags,
    backendFlags: parsed.backendFlags,
    env: io.env,
    out,
    // Whatever a question has read too much belongs to the command.
    stdin: { [Symbol.asyncIterator]: () => prompter.rest() },
    stdinIsEmpty: io.stdinIsEmpty,
    prompter,
    passwords,
    operation,
  };
  logger.log(
    'debug',
    `tsclone: Version "v${version}" starting with parameters [${args.map((a) => JSON.stringify(a)).join(' ')}]`,
  );
  const reporting = startReport({
    flags,
    source: { accounting, activity },
    logger,
    sink,
    stdout: io.stdout,
    hasStats: command.stats === true,
    dryRun: operation.settings.dryRun,
  });
  try {
    return await runWithRetries(command, context, logger, reporting, () => out.flush());
  } catch (e) {
    if (e instanceof NotBuiltIn) throw e;
    await out.flush().catch(() => {});
    if (quit.signal.reason instanceof Quit) return 0;
    if (quit.signal.aborted) return report(quit.signal.reason, logger, (text) => void io.stderr.write(text));
    const stopped = command.name === 'config' ? 'the config stays as it was last written' : undefined;
    return report(e, logger, (text) => void io.stderr.write(text), io.signal, stopped);
  }
}

/** A program that few use: nothing of it is loaded by others. */
async function loadMapper(words: readonly string[]): Promise<OperationContext['mapMetadata']> {
  return (await import('../node/metadata-mapper.ts')).createMetadataMapper(words);
}

/** When a question has no answer, or the answer is to quit, everything that is under way stops. */
function stopping(
  confirm: NonNullable<OperationContext['confirm']>,
  quit: AbortController,
): NonNullable<OperationContext['confirm']> {
  return async (verb, subject) => {
    try {
      return await confirm(verb, subject);
    } catch (e) {
      quit.abort(e);
      throw e;
    }
  };
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** 0 would mean "at once" to a timer; rclone means "never". */
function milliseconds(ns: bigint): number {
  const ms = Number(ns / 1_000_000n);
  return ms <= 0 ? 2 ** 31 - 1 : Math.min(ms, 2 ** 31 - 1);
}

/** `Name: value` texts of a flag. */
function headersOf(flags: Arguments['flags'], name: string): HttpHeader[] {
  return flags.list(name).map((text) => {
    const [, header, value] = /^([^:\s][^:]*?)\s*:\s*(.*)$/s.exec(text) ?? [];
    if (
      header === undefined ||
      value === undefined ||
      /[^\t\x20-\x7e\x80-\uffff]/.test(value) ||
      !/^[!#$%&'*+\-.^_`|~\w]+$/.test(header)
    )
      throw new StartError(`--${name} ${JSON.stringify(text)} is no HTTP header: give "Name: value"`);
    return [header, value];
  });
}

/** Says in one line why a command ended, and answers its exit code. */
function report(
  e: unknown,
  logger: Logger,
  say: (text: string) => void,
  signal?: AbortSignal,
  stopped = 'what was under way was stopped, unfinished uploads were aborted',
): number {
  if (e instanceof ClosedOutput) return brokenPipe;
  if (e instanceof EndWith) return e.code;
  if (signal?.aborted || e instanceof Interrupted) {
    logger.log('notice', `Interrupted: ${stopped}`);
    return interrupted;
  }
  if (e instanceof StartError) {
    logger.log('critical', e.message);
    return 1;
  }
  if (hasCode(e, 'usage')) {
    const usage = (e as { usage?: string }).usage;
    if (usage !== undefined) {
      say(`${usage}\n${e.message}\n`);
      return 2;
    }
    say(`Error: ${e.message}\n`);
    logger.log('notice', `Fatal error: ${e.message}`);
    return 2;
  }
  logger.log('critical', messageOf(e));
  return exitCodeOf(e);
}
