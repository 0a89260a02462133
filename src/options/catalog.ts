/** One answer that a question suggests. */
export interface OptionExample {
  readonly value: string;
  /** What it stands for; may be empty. */
  readonly help: string;
  /** Comma list of the providers that it is for; absent = all. */
  readonly provider?: string;
}

/** What people and their tools ask about an option beside what parsing needs. */
export interface OptionCatalog {
  /** Comma list of the providers that know the option; absent = all. */
  readonly provider?: string;
  readonly examples?: readonly OptionExample[];
  /** Where rclone does not offer it. */
  readonly hide?: 'flags' | 'questions' | 'both';
  /** Words of a `Bits` option, highest bit first. */
  readonly bits?: readonly string[];
}

/**
 * Facts and suggestions for the questions about a backend: loaded by the wizard, help, `config providers` and docs only, because
 * that of S3 is as big as the backend.
 */
export interface BackendCatalog<Name extends string = string> {
  readonly options: Partial<Record<Name, OptionCatalog>>;
  /** What `--metadata` carries; absent = nothing. */
  readonly metadata?: MetadataCatalog;
}

export interface MetadataCatalog {
  readonly help: string;
  /** Keys with a meaning of their own, in the order of their names. */
  readonly system?: Readonly<Record<string, MetadataKey>>;
}

export interface MetadataKey {
  readonly help: string;
  /** What its values look like. */
  readonly type: string;
  readonly example: string;
  readonly readOnly?: boolean;
}

/** A layer that hands metadata on. */
export const metadataOfBelow: MetadataCatalog = { help: 'What the remote below knows is read and written there.' };

/** Suggestions in groups: the providers that they are for, then value and what it stands for. */
export function suggest(
  ...groups: readonly (readonly [provider: string | undefined, values: Readonly<Record<string, string>>])[]
): OptionExample[] {
  return groups.flatMap(([provider, values]) =>
    Object.entries(values).map(([value, help]) => ({ value, help, ...(provider === undefined ? {} : { provider }) })),
  );
}

/** Whether something for `list` is meant for `provider`; without a provider everything is. `!` in front turns it round. */
export function isForProvider(list: string | undefined, provider: string): boolean {
  if (list === undefined || list === '' || provider === '') return true;
  const negated = list.startsWith('!');
  return (
    list
      .slice(negated ? 1 : 0)
      .split(',')
      .includes(provider) !== negated
  );
}
