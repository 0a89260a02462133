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

/**
 * What every backend must do, as one `describe`. `open` gives a backend whose root exists, is empty and may be written
 * to; with buckets the root is a bucket or lies in one. A case whose feature the backend does not have is skipped.
 */
export function conformance(name: string, open: () => Promise<Opened>): void {
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
          test(title, async ({ skip }) => {
            if (!opened) throw new Error('the backend was not opened');
            if (needs && !needs(opened.backend)) skip();
            await run(newTrial(opened.backend, `case-${++count}`));
          });
        }
      });
    }
  });
}
