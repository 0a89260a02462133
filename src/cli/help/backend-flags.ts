import { nodeRegistry } from '../../node/registry.ts';
import { flagName } from '../../options/derive.ts';
import type { DescribedOption } from '../../options/describe.ts';
import type { FlagSpec } from '../../options/flags.ts';
import { optionsOf } from '../interview.ts';

/** A flag out of the options of a backend. */
export interface BackendFlag extends FlagSpec {
  readonly option: DescribedOption;
}

/** The flags of all built-in backends. */
export async function backendFlagSpecs(): Promise<BackendFlag[]> {
  const all = await Promise.all(
    Object.keys(nodeRegistry).map(async (type) =>
      ((await optionsOf(type)) ?? []).map((option) => ({
        name: flagName(type, option.name, option),
        type: option.type === 'bool' ? ('bool' as const) : ('string' as const),
        default: option.default,
        help: option.help,
        ...(option.notBuilt === undefined ? {} : { notBuilt: option.notBuilt }),
        option,
      })),
    ),
  );
  return all.flat();
}
