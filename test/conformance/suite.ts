import { afterAll, beforeAll, describe, test } from 'vitest';
import { changeCases } from './suite/changes.ts';
import { listCases } from './suite/listing.ts';
import { nameCases } from './suite/names.ts';
import { copyCases } from './suite/copying.ts';
import { readCases } from './suite/reading.ts';
import { signalCases } from './suite/signals.ts';
import { streamCases } from './suite/streams.ts';
import { newTrial, type Case, type Opened } from './suite/trial.ts';
import { writeCases } from './suite/writing.ts';

const groups: Readonly<Record<string, readonly Case[]>> = {
  writing: writeCases,
  streams: streamCases,
  reading: readCases,
  listing: listCases,
  names: nameCases,
  changes: changeCases,
  'server-side copy and move': copyCases,
  signals: signalCases,
};

/** Titles of cases that one service does not pass, with the reason. */
export interface Deviations {
  /** Must fail: a service that has learnt it is noticed. */
  readonly cannot?: Readonly<Record<string, string>>;
  /** Fail or pass with the timing: not run. */
  readonly seldom?: Readonly<Record<string, string>>;
}

/**
 * What every backend must do, as one `describe`. `open` gives a backend whose root exists, is empty and may be written
 * to; with buckets the root is a bucket or lies in one. A case whose feature the backend does not have is skipped.
 */
export function conformance(name: string, open: () => Promise<Opened>, deviations: Deviations = {}): void {
  const titles = new Set(Object.values(groups).flatMap((cases) => cases.map((c) => c.title)));
  const { cannot = {}, seldom = {} } = deviations;
  for (const title of [...Object.keys(cannot), ...Object.keys(seldom)])
    if (!titles.has(title)) throw new Error(`no case is called "${title}"`);

  describe(name, () => {
    let opened: Opened | undefined;
    let count = 0;

    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.cleanup();
    });

    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const { title, needs, run } of cases) {
          const why = cannot[title] ?? seldom[title];
          const register = cannot[title] !== undefined ? test.fails : why === undefined ? test : test.skip;
          register(why === undefined ? title : `${title} (cannot: ${why})`, async ({ skip }) => {
            if (!opened) throw new Error('the backend was not opened');
            if (needs && !needs(opened.backend)) skip();
            await run(newTrial(opened.backend, `case-${++count}`));
          });
        }
      });
    }
  });
}
