import { parseRemote } from '../core/remote.ts';
import { messageOf } from '../core/errors.ts';
import { globalFlags } from '../options/global.ts';
import type { Session } from '../session.ts';
import { StartError } from './errors.ts';
import { isHarmless, parseFlagValue } from './values.ts';

/**
 * Looks at `override.FLAG` and `global.FLAG` keys of a remote: rclone changes flags by them. A bad value is fatal,
 * unknown flags are ignored as in rclone; what would change something is refused by name, because it is not built.
 */
export function checkOverrides(session: Session, reference: string): void {
  const remote = parseRemote(reference);
  const fromFile = session.config
    .keys(remote.name)
    .map((key) => [key, session.config.get(remote.name, key) ?? ''] as const);
  for (const [key, text] of [...fromFile, ...remote.params]) {
    const m = /^(?:override|global)\.(.+)$/.exec(key);
    const option = m?.[1];
    const flag = option && globalFlags.find((f) => f.name === option.replaceAll('_', '-'));
    if (!flag) continue;
    try {
      parseFlagValue(flag, text);
    } catch (e) {
      throw new StartError(
        `failed to set override config variables ["${option}"]: couldn't parse config item "${option}" = ${JSON.stringify(text)} as ${flag.type}: ${messageOf(e)}`,
      );
    }
    if (!isHarmless(flag, text))
      throw new StartError(`${key} = ${text} is not built in tsclone: give --${flag.name} ${text} on the command line`);
  }
}
