import type { FlagSpec } from '../options/flags.ts';
import { globalFlags } from '../options/global.ts';
import { flagVariable } from '../options/derive.ts';
import { parseCsv } from '../options/values.ts';
import { messageOf } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { StartError, usageError } from './errors.ts';
import { isHarmless, ParsedFlags, parseFlagValue } from './values.ts';

/** Flags of remotes' backends: `own` ones come from the option schemas, foreign ones of other backends are let pass. */
export interface BackendFlags {
  find(name: string): Promise<{ readonly spec: FlagSpec; readonly foreign: boolean } | undefined>;
  findShort(letter: string): Promise<FlagSpec | undefined>;
  /** Of the built-in backends. */
  names(): Promise<readonly string[]>;
}

export interface Arguments {
  readonly flags: ParsedFlags;
  /** Arguments that are no flags. */
  readonly rest: readonly string[];
  /** Texts of the flags of built-in backends. */
  readonly backendFlags: ReadonlyMap<string, string>;
  readonly help: boolean;
  readonly version: boolean;
}

const globals = new Map(globalFlags.map((f) => [f.name, f]));
const globalShorts = new Map(globalFlags.flatMap((f) => (f.short === undefined ? [] : [[f.short, f] as const])));

/**
 * Parses arguments in GNU style: flags before or after the command, `--name value`, `--name=value`, `-xvalue`, joined
 * short switches, `--no-name`, `--` ends them.
 * @throws usage
 */
export async function parseArguments(
  argv: readonly string[],
  own: readonly FlagSpec[],
  backend: BackendFlags,
): Promise<Arguments> {
  const specs = new Map([...globals, ...own.map((f) => [f.name, f] as const)]);
  const shorts = new Map([...globalShorts, ...own.flatMap((f) => (f.short ? [[f.short, f] as const] : []))]);
  const flags = new ParsedFlags(specs);
  const rest: string[] = [];
  const backendFlags = new Map<string, string>();
  let help = false;
  let version = false;

  const checked = <T>(text: string, shown: string, take: () => T): T => {
    try {
      return take();
    } catch (e) {
      throw usageError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${messageOf(e)}`);
    }
  };
  const give = (flag: FlagSpec, text: string, shown: string): void =>
    checked(text, shown, () => flags.give(flag, text));
  const giveBackend = (flag: FlagSpec, text: string, shown: string): void => {
    checked(text, shown, () => parseFlagValue(flag, text));
    backendFlags.set(flag.name, text);
  };
  const shownAs = (flag: FlagSpec): string => (flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`);
  const isSwitch = (flag: FlagSpec): boolean => flag.type === 'bool' || flag.type === 'count';
  const on = (flag: FlagSpec): string => (flag.type === 'count' ? '+1' : 'true');

  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) {
      rest.push(arg);
      continue;
    }
    if (arg.startsWith('--')) {
      const eq = arg.indexOf('=');
      const name = eq < 0 ? arg.slice(2) : arg.slice(2, eq);
      let value = eq < 0 ? undefined : arg.slice(eq + 1);
      if (name === 'help') {
        help = true;
        continue;
      }
      if (name === 'version' && !specs.has('version')) {
        version = true;
        continue;
      }
      let spec = specs.get(name);
      let target: 'flag' | 'backend' | 'ignore' = 'flag';
      if (!spec) {
        const found = await backend.find(name);
        if (found) {
          spec = found.spec;
          target = found.foreign ? 'ignore' : 'backend';
        }
      }
      if (!spec && name.startsWith('no-') && value === undefined) {
        const positive = specs.get(name.slice(3)) ?? (await backend.find(name.slice(3)))?.spec;
        if (positive?.type === 'bool') {
          if (!specs.has(positive.name)) target = 'backend';
          spec = positive;
          value = 'false';
        }
      }
      if (!spec) throw unknownFlag(name, [...specs.keys(), ...(await backend.names())]);
      if (value === undefined) {
        if (isSwitch(spec)) value = on(spec);
        else if (i + 1 < argv.length) value = argv[++i] as string;
        else throw usageError(`flag needs an argument: --${name}`);
      }
      if (target === 'flag') give(spec, value, shownAs(spec));
      else if (target === 'backend') giveBackend(spec, value, shownAs(spec));
      continue;
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at] as string;
      let own = true;
      let spec = shorts.get(letter);
      if (!spec && letter !== 'h' && letter !== 'V') {
        spec = await backend.findShort(letter);
        own = false;
      }
      if (!spec && letter === 'h') {
        help = true;
        continue;
      }
      if (!spec && letter === 'V') {
        version = true;
        continue;
      }
      if (!spec) throw usageError(`unknown shorthand flag: '${letter}' in -${arg.slice(1)}`);
      let value: string;
      const tail = arg.slice(at + 1);
      if (isSwitch(spec) && !tail.startsWith('=')) value = on(spec);
      else if (tail !== '') {
        value = tail.startsWith('=') ? tail.slice(1) : tail;
        at = arg.length;
      } else if (i + 1 < argv.length) value = argv[++i] as string;
      else throw usageError(`flag needs an argument: '${letter}' in -${arg.slice(1)}`);
      if (own) give(spec, value, shownAs(spec));
      else giveBackend(spec, value, shownAs(spec));
    }
  }
  return { flags, rest, backendFlags, help, version };
}

function unknownFlag(name: string, known: Iterable<string>): Error {
  const near = nearest(name, known);
  return usageError(`unknown flag: --${name}${near === undefined ? '' : ` (did you mean --${near}?)`}`);
}

/** Values of `RCLONE_…` variables for flags that the command line did not give. @throws StartError for a bad value */
export function applyEnvironment(
  flags: ParsedFlags,
  specs: readonly FlagSpec[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  for (const spec of specs) {
    const name = flagVariable(spec.name);
    const text = env[name];
    if (text === undefined || text === '') continue;
    try {
      // Checked also where the command line has the last word, as rclone does.
      if (flags.isSet(spec.name)) parseFlagValue(spec, text);
      else if (spec.type === 'stringArray') for (const item of parseCsv(text, ',')) flags.give(spec, item);
      else flags.give(spec, text);
    } catch (e) {
      throw new StartError(
        `Failed to load "main" default values: failed to initialise "main" options: couldn't parse config item "${spec.name.replaceAll('-', '_')}" = ${JSON.stringify(text)} as ${spec.type}: ${messageOf(e)}`,
      );
    }
  }
}

/** Refuses by name what is set and not built. @throws usage */
export function refuseNotBuilt(flags: ParsedFlags): void {
  for (const [name, text] of flags.given()) {
    const spec = flags.spec(name);
    if (spec.notBuilt === undefined || isHarmless(spec, text)) continue;
    throw usageError(`flag --${name} is not built in tsclone: ${spec.notBuilt}. Leave it out, or use rclone`);
  }
}

export { globals as globalFlagsByName, globalShorts };
