import { createMemoryBackend } from '../../../../src/backends/memory/backend.ts';
import { union } from '../../../../src/backends/union/definition.ts';
import { defaultLimits, type Backend } from '../../../../src/core/backend.ts';
import { ignoreEvents } from '../../../../src/core/events.ts';
import { parseOptions } from '../../../../src/options/derive.ts';
import { platform } from './support.ts';

export { defaultLimits, ignoreEvents };

/** Opens a union whose upstreams are all the same store; `seen` is told which ones it wanted. */
export async function openWith(options: Readonly<Record<string, string>>, seen: string[] = []): Promise<Backend> {
  return union.open({
    name: 'u',
    options: parseOptions(union, 'u', (option) => options[option]),
    platform,
    emit: ignoreEvents,
    limits: defaultLimits,
    openRemote: async (reference) => {
      seen.push(reference);
      return createMemoryBackend('m', platform);
    },
  });
}
