import { beforeAll, describe, expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { facts, newer, type Backend, type Option } from '../support/rclone-options.ts';
import { run, tsclone } from '../support/run.ts';

const rclone = findPeer('rclone');

describe.skipIf(rclone === undefined)('config providers', () => {
  let theirs: Backend[];
  let ours: Backend[];
  beforeAll(async () => {
    theirs = JSON.parse((await run(rclone as string, ['config', 'providers'])).stdout.toString()) as Backend[];
    ours = JSON.parse((await tsclone(['config', 'providers'])).stdout.toString()) as Backend[];
  });

  test('has every backend that is built in', () => {
    expect(ours.map((b) => b.Name)).toEqual(expect.arrayContaining(['alias', 'crypt', 'local', 'memory', 's3']));
  });

  test('tells the same of every option, all but texts', () => {
    for (const backend of ours) {
      const same = theirs.find((b) => b.Name === backend.Name) as Backend;
      expect(backend.Options.map((o) => o.Name)).toEqual(same.Options.map((o) => o.Name));
      for (const option of backend.Options) {
        const other = same.Options.find((o) => o.Name === option.Name) as Option;
        expect([backend.Name, facts(option, other)]).toEqual([backend.Name, facts(other, other)]);
      }
    }
  });

  test('tells the same of commands and of metadata, all but texts and what is not there', () => {
    /** Of local: a command that does nothing, and the numbers of devices. Here S3 also has `link`. */
    const commands = (b: Backend): string[] =>
      (b.CommandHelp ?? []).map((c) => c.Name).filter((name) => name !== 'noop' && name !== 'link');
    const metadata = (b: Backend): unknown =>
      b.MetadataInfo && {
        own: Object.entries(b.MetadataInfo.System ?? {})
          .filter(([name]) => name !== 'rdev')
          .map(([name, { Type, ReadOnly }]) => [name, Type, ReadOnly]),
        isNull: b.MetadataInfo.System === null,
      };
    for (const backend of ours) {
      const same = theirs.find((b) => b.Name === backend.Name) as Backend;
      expect([backend.Name, commands(backend)]).toEqual([backend.Name, commands(same)]);
      expect([backend.Name, metadata(backend)]).toEqual([backend.Name, metadata(same)]);
      for (const command of same.CommandHelp ?? []) {
        const here = backend.CommandHelp?.find((c) => c.Name === command.Name);
        if (here && command.Opts) expect(Object.keys(here.Opts ?? {}).sort()).toEqual(Object.keys(command.Opts).sort());
      }
    }
    const s3 = (all: Backend[]) => all.find((b) => b.Name === 's3');
    expect(Object.keys(s3(ours)?.CommandHelp?.[0] ?? {})).toEqual(Object.keys(s3(theirs)?.CommandHelp?.[0] ?? {}));
    expect(Object.keys(s3(ours) ?? {})).toEqual(Object.keys(s3(theirs) ?? {}).filter((key) => key !== 'Overview'));
  });

  test('JSON has the keys in the same order', () => {
    const keys = (all: Backend[], backend: string, option: string): string[] =>
      Object.keys(all.find((b) => b.Name === backend)?.Options.find((o) => o.Name === option) ?? {});
    for (const [backend, option] of [
      ['s3', 'region'],
      ['local', 'copy_links'],
      ['crypt', 'password'],
    ] as const)
      expect(keys(ours, backend, option)).toEqual(keys(theirs, backend, option));
  });

  test('the texts are ours', () => {
    const texts = new Set(
      theirs.flatMap((b) => b.Options.flatMap((o) => [o.Help, ...(o.Examples ?? []).map((e) => e.Help)])),
    );
    const same = ours.flatMap((b) => b.Options.filter((o) => texts.has(o.Help)).map((o) => `${b.Name} ${o.Name}`));
    expect(same).toEqual([]);
    for (const backend of ours) for (const option of backend.Options) expect(option.Help.length).toBeGreaterThan(3);
  });

  test('1.76 adds providers and places behind those of 1.75', () => {
    const s3 = ours.find((b) => b.Name === 's3') as Backend;
    expect(s3.Options[0]?.Examples?.slice(-5).map((e) => e.Value)).toEqual(newer);
    expect(s3.Options[0]?.Examples).toHaveLength(58);
  });
});
