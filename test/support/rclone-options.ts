export interface Example {
  Value: string;
  Help: string;
  Provider?: string;
}
export interface Option {
  Name: string;
  Help: string;
  Provider?: string;
  Examples?: Example[];
}
export interface Backend {
  Name: string;
  Options: Option[];
  CommandHelp: { Name: string; Short: string; Long: string; Opts: Record<string, string> | null }[] | null;
  MetadataInfo: {
    System: Record<string, { Help: string; Type: string; Example: string; ReadOnly: boolean }> | null;
    Help: string;
  } | null;
}

/** Providers that rclone 1.76 added to 1.75. */
export const newer = ['Autonomys', 'Cellar', 'Infomaniak', 'Neon', 'RelAix'];
/** Providers for which 1.76 knows more regions and endpoints. */
const longer = ['Fastly', 'HuaweiOBS', 'Scaleway'];

const without = (list: string | undefined): string[] | undefined =>
  list
    ?.split(',')
    .filter((name) => !newer.includes(name))
    .sort();

/** All but texts, and but what only 1.76 knows. */
export function facts({ Help: _help, Provider, Examples, ...rest }: Option, theirs: Option): Record<string, unknown> {
  const known = new Set(theirs.Examples?.map((e) => `${e.Value} ${without(e.Provider)?.join()}`));
  const examples = Examples?.filter((e) => {
    if (newer.includes(e.Value) || (e.Provider !== undefined && newer.includes(e.Provider))) return false;
    return !longer.includes(e.Provider ?? '') || known.has(`${e.Value} ${without(e.Provider)?.join()}`);
  });
  return {
    ...rest,
    Provider: without(Provider),
    Examples: examples?.map((e) => [e.Value, without(e.Provider)]),
  };
}
