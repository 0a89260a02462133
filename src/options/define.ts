import * as z from 'zod';

/** rclone's name for the kind of value, as `config providers` prints it. */
export type OptionType =
  | 'string'
  | 'bool'
  | 'int'
  | 'SizeSuffix'
  | 'Duration'
  | 'Time'
  | 'Tristate'
  | 'Encoding'
  | 'Bits'
  | 'CommaSepList'
  | 'SpaceSepList'
  /** One of the words. */
  | `${string}|${string}`;

/** What an option carries beside its schema. Names and defaults are rclone's, texts are ours. */
export interface OptionMeta {
  readonly type: OptionType;
  /** Default as a config file would hold it. */
  readonly default: string;
  readonly help: string;
  readonly advanced?: boolean;
  readonly sensitive?: boolean;
  readonly isPassword?: boolean;
  readonly required?: boolean;
  /** Only values among the examples are right. */
  readonly exclusive?: boolean;
  /** Suggested values; a catalog may say more about them. */
  readonly examples?: readonly string[];
  /** Flag without the backend prefix (local's --copy-links). */
  readonly noPrefix?: boolean;
  readonly shortFlag?: string;
  /** Set = not built yet: giving it a value other than the default is refused by name, with this remark. */
  readonly notBuilt?: string;
}

const registry = z.registry<OptionMeta>();

/**
 * Declares one option: a zod schema that turns the text form (from file, flag, variable or connection string) into the
 * typed value, and its facts. Text that does not parse gives a `bad_config` error in `parseOptions`.
 */
export function option<S extends z.ZodType>(schema: S, meta: OptionMeta): S {
  const own = schema.clone() as S;
  registry.add(own, meta);
  return own;
}

export interface BackendOptions<O = Record<string, unknown>> {
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** Facts by rclone's snake_case option name, in rclone's order. */
  readonly meta: ReadonlyMap<string, OptionMeta>;
  /** Only for its type. */
  readonly output?: O;
}

/** Gathers options under their rclone names. */
export function defineOptions<T extends Record<string, z.ZodType>>(
  shape: T,
): BackendOptions<{ [K in keyof T]: z.output<T[K]> }> {
  const meta = new Map<string, OptionMeta>();
  for (const [name, schema] of Object.entries(shape)) {
    const facts = registry.get(schema);
    if (!facts) throw new Error(`option ${name} was declared without option()`);
    meta.set(name, facts);
  }
  return { shape, meta };
}
