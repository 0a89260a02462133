/** Kinds of flag values; syntax in `options/values.ts`. */
export type FlagType =
  | 'bool'
  | 'count'
  | 'int'
  | 'float'
  | 'string'
  | 'stringArray'
  | 'SizeSuffix'
  | 'Duration'
  | 'GoDuration'
  | 'Time'
  | 'Tristate'
  | 'enum'
  | 'SpaceSepList'
  | 'BwTimetable'
  | 'Encoding';

/** One flag as data: parser, help, environment and docs read it. */
export interface FlagSpec {
  /** Long name without dashes: `dry-run`. */
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  /** Default in its text form. */
  readonly default: string;
  readonly help: string;
  /** For `enum`. */
  readonly values?: readonly string[];
  readonly group?: string;
  /** rclone has no such flag. */
  readonly onlyHere?: boolean;
  /** Values that, besides the default, say what is done anyway although the flag is not built. */
  readonly alsoDone?: readonly string[];
  /** Set = not built yet: setting it to something else than its default is refused by name, with this remark. */
  readonly notBuilt?: string;
}

/** Parsed flags. Values have the type that `options/values.ts` gives for the flag's kind. */
export interface FlagValues {
  /** True when the command line or the environment gave it. */
  isSet(name: string): boolean;
  bool(name: string): boolean;
  int(name: string): number;
  float(name: string): number;
  string(name: string): string;
  list(name: string): readonly string[];
  /** Bytes; -1 = off. */
  size(name: string): number;
  /** Nanoseconds. */
  duration(name: string): bigint;
  /** The text given, or the default's. */
  text(name: string): string;
}
