import { toHex } from '../../core/bytes.ts';
import type { HashType } from '../../core/entry.ts';
import { hasCode } from '../../core/errors.ts';
import { hashTypes, hashWidth, parseHashType } from '../../core/hash-types.ts';
import { checkSums } from '../../operations/check-sums.ts';
import { digests, digestStream, hexToBase64Url } from '../../operations/hashsum.ts';
import { switchFlag, type CommandContext, type CommandDefinition, type Output } from '../command.ts';
import { usageError } from '../errors.ts';
import { createOutputFile } from '../files.ts';
import { source, sourceUnfiltered } from '../references.ts';

const flags: CommandDefinition['flags'] = [
  switchFlag('base64', 'Print digests in URL-safe base64 instead of hex'),
  {
    name: 'checkfile',
    short: 'C',
    type: 'string',
    default: '',
    help: 'Compare with the sums in this file instead of printing them',
  },
  switchFlag('download', 'Read the objects and work the digests out here, also where the store knows them'),
  { name: 'output-file', type: 'string', default: '', help: 'Write the sums to this file instead of standard output' },
];

const common = {
  flags,
  groups: ['Filter', 'Listing'],
} satisfies Partial<CommandDefinition>;

export const hashsum: CommandDefinition = {
  name: 'hashsum',
  summary: 'Print the hashes of objects',
  help: `One line per object: digest, two blanks, path. Without arguments the known hashes are listed; with a hash alone, or
with - as path, standard input is hashed. With --checkfile, = marks equal, * different digests, + a sum without an
object, - an object without a sum.`,
  usage: '[HASH [remote:path]]',
  minArgs: 0,
  maxArgs: 2,
  ...common,
  examples: [
    'tsclone hashsum sha256 --download r2:my-backup-bucket',
    'tsclone hashsum md5 -C SUMS r2:my-backup-bucket/dir',
  ],
  async run(c) {
    const [name, reference] = c.args;
    if (name === undefined) {
      await c.out.line(['Supported hashes are:', ...hashTypes.map((type) => `- ${type}`)].join('\n'));
      return;
    }
    await printSums(c, parseHashType(name), reference);
  },
};

const sumCommand = (name: string, type: HashType): CommandDefinition => ({
  name,
  summary: `Print the ${type.toUpperCase()} hashes of objects`,
  help: `As hashsum ${type}.`,
  usage: '[remote:path]',
  minArgs: 0,
  maxArgs: 1,
  ...common,
  examples: [`tsclone ${name} --download r2:my-backup-bucket > SUMS`, `tsclone ${name} media`],
  run: (c) => printSums(c, type, c.args[0]),
});

export const md5sum = sumCommand('md5sum', 'md5');
export const sha1sum = sumCommand('sha1sum', 'sha1');

async function printSums(c: CommandContext, type: HashType, reference: string | undefined): Promise<void> {
  const base64 = c.flags.bool('base64');
  const shown = (hex: string): string => (base64 ? hexToBase64Url(hex) : hex).padStart(hashWidth(type, base64));
  const download = c.flags.bool('download');
  if (reference === undefined || reference === '-') {
    const digest = await digestStream(c.operation, c.stdin, type);
    await withOutput(c, (out) => out.line(`${shown(toHex(digest))}  -`)).catch((e: unknown) => {
      // rclone ends with 2 here, and with 1 when a remote is listed.
      throw hasCode(e, 'other') ? usageError(e.message) : e;
    });
    return;
  }
  const sumFile = c.flags.string('checkfile');
  if (sumFile !== '') {
    const located = await source(c, reference);
    const report = (result: keyof typeof signs, path: string): Promise<void> => c.out.line(`${signs[result]} ${path}`);
    const o = { type, download, oneWay: false, report };
    await checkSums(c.operation, await sourceUnfiltered(c, sumFile), located, o);
    return;
  }
  const located = await source(c, reference);
  await withOutput(c, async (out) => {
    for await (const { info, digest } of digests(c.operation, located, { type, download }))
      await out.line(`${shown(digest)}  ${info.path}`);
  });
}

const signs = { same: '=', differ: '*', srcOnly: '+', dstOnly: '-', error: '!' } as const;

async function withOutput(c: CommandContext, work: (out: Output) => Promise<void>): Promise<void> {
  const path = c.flags.string('output-file');
  if (path === '') return work(c.out);
  const out = await createOutputFile(path);
  try {
    await work(out);
  } finally {
    await out.close();
  }
}
