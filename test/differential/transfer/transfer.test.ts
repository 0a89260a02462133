import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../../support/peers.ts';
import { asking } from './asking.ts';
import { equality } from './equality.ts';
import { deletion } from './deletion.ts';
import { elsewhere } from './elsewhere.ts';
import { limits } from './limits.ts';
import { links } from './links.ts';
import { metadata } from './metadata.ts';
import { renames } from './renames.ts';
import { startLab, type Lab, type TransferCase } from './lab.ts';

process.env['TZ'] = 'UTC';

const rclone = findPeer('rclone');
const available = rclone !== undefined && findPeer('versitygw') !== undefined;
const groups: Readonly<Record<string, readonly TransferCase[]>> = {
  equality,
  deletion,
  elsewhere,
  renames,
  limits,
  asking,
  metadata,
  links,
};

describe.skipIf(!available)('transfers of rclone and tsclone', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(rclone as string);
  });
  afterAll(() => lab?.stop());

  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      test.each(cases.map((c, i) => [`${i} ${c.args}`, c, `${group}-${i}`] as const))(
        '%s',
        async (_name, c, bucket) => {
          const { rclone: theirs, tsclone: ours } = await lab.compare(c, bucket);
          const parts = c.deviation?.compare ?? (['code', 'stdout', 'tree', ...(c.anyLog ? [] : ['logs'])] as const);
          const pick = (o: object): unknown => Object.fromEntries(parts.map((p) => [p, o[p as keyof typeof o]]));
          expect(pick(ours)).toEqual(pick(theirs));
        },
      );
    });
  }
});
