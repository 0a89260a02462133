import type { Event } from '../../src/core/events.ts';
import { nodePlatform } from '../../src/node/platform.ts';
import { Accounting } from '../../src/operations/accounting.ts';
import type { OperationContext } from '../../src/operations/context.ts';
import { defaultSettings, type OperationSettings } from '../../src/operations/settings.ts';

/** A context for operations, with what they logged as `level subject: message`, sorted. */
export function contextFor(
  settings: Partial<OperationSettings> = {},
  more: Partial<OperationContext> = {},
): { c: OperationContext; logs(): string[]; events: Event[] } {
  const events: Event[] = [];
  const c: OperationContext = {
    platform: nodePlatform({}),
    emit: (e) => void events.push(e),
    accounting: new Accounting(),
    settings: { ...defaultSettings, ...settings },
    ...more,
  };
  const logs = (): string[] =>
    events
      .flatMap((e) =>
        e.type === 'log' && e.level !== 'debug' ? [`${e.level} ${e.subject ? `${e.subject}: ` : ''}${e.message}`] : [],
      )
      .sort();
  return { c, logs, events };
}
