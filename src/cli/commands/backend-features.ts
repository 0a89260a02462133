import type { CommandDefinition } from '../command.ts';
import { shownRoot } from '../references.ts';

/** rclone's number for "no times": a hundred years in ns. */
const noPrecision = 3_153_600_000_000_000_000;

export const backendFeatures: CommandDefinition = {
  name: 'backend features',
  summary: 'Show what a remote can do, as JSON',
  help: 'Name, root, precision, hashes and capabilities of the remote behind a path.',
  usage: 'remote:',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone backend features r2:'],
  async run(c) {
    const session = await c.session();
    const reference = c.args[0] as string;
    const b = await session.open(reference);
    const f = b.features;
    const facts = {
      Name: b.name,
      Root: shownRoot(b),
      String: b.description,
      Precision: b.precision === 'none' ? noPrecision : Number(b.precision),
      Hashes: b.hashes,
      Features: {
        About: b.about !== undefined,
        BucketBased: f.bucketBased,

        CanHaveEmptyDirectories: f.emptyDirs,
        CleanUp: b.cleanUp !== undefined,
        Command: b.command !== undefined,
        Copy: b.copy !== undefined,
        DirMove: b.moveDir !== undefined,
        DirSetModTime: b.setDirModTime !== undefined,
        IsLocal: f.isLocal,
        ListR: f.fastList,
        Move: b.move !== undefined,
        PublicLink: b.publicLink !== undefined,
        Purge: b.purge !== undefined,
        PutStream: true,
        ReadMimeType: f.readMimeType,
        SetTier: f.tiers,
        SlowHash: f.slowHash,
        SlowModTime: f.slowModTime,
        UserMetadata: f.userMetadata,
        WriteMimeType: f.writeMimeType,
      },
    };
    await c.out.line(JSON.stringify(facts, undefined, '\t'));
  },
};
