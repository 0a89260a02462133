import { cryptRootOf, type CryptRoot } from '../../backends/crypt/backend.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { opener } from '../references.ts';

export const cryptdecode: CommandDefinition = {
  name: 'cryptdecode',
  summary: 'Show the plain names of encrypted ones',
  help: 'Prints each name and, behind a space and a tab, what it decrypts to. A name that cannot be decrypted is said to be so and does not fail the command.',
  usage: 'crypted: name…',
  minArgs: 2,
  maxArgs: 11,
  examples: [
    'tsclone cryptdecode secret: 13t46s50gi6shgl0gov8n0e2cc',
    'tsclone cryptdecode --reverse secret: media/photo.jpg',
  ],
  flags: [switchFlag('reverse', 'Encrypt plain names')],
  async run(c) {
    const { names } = (await cryptRoot(c)).context;
    const reverse = c.flags.bool('reverse');
    for (const name of c.args.slice(1)) {
      let result: string;
      try {
        result = reverse ? names.encryptFile(name) : names.decryptFile(name);
      } catch {
        result = 'Failed to decrypt';
      }
      await c.out.line(`${name} \t ${result}`);
    }
  },
};

export const backendEncode: CommandDefinition = {
  name: 'backend encode',
  summary: 'Encrypt file names as a crypt remote does',
  help: 'Prints the encrypted form of each name, one per line, or with --json as a list.',
  usage: 'crypted: name…',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  examples: ['tsclone backend encode secret: media/photo.jpg'],
  flags: [switchFlag('json', 'Print JSON')],
  run: (c) => convert(c, (root, name) => root.context.names.encryptFile(name)),
};

export const backendDecode: CommandDefinition = {
  name: 'backend decode',
  summary: 'Decrypt file names as a crypt remote does',
  help: 'Prints the plain form of each name, one per line, or with --json as a list. Ends at the first name that cannot be decrypted.',
  usage: 'crypted: name…',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  examples: ['tsclone backend decode secret: 13t46s50gi6shgl0gov8n0e2cc'],
  flags: [switchFlag('json', 'Print JSON')],
  run: (c) =>
    convert(c, (root, name) => {
      try {
        return root.context.names.decryptFile(name);
      } catch (e) {
        const message = `command "decode" failed: failed to decrypt: ${name}: ${messageOf(e)}`;
        throw new TscloneError('other', message, { retry: 'no', cause: e });
      }
    }),
};

async function convert(c: CommandContext, f: (root: CryptRoot, name: string) => string): Promise<void> {
  const root = await cryptRoot(c);
  const results = c.args.slice(1).map((name) => f(root, name));
  if (c.flags.bool('json')) await c.out.line(JSON.stringify(results, undefined, '\t'));
  else for (const result of results) await c.out.line(result);
}

async function cryptRoot(c: CommandContext): Promise<CryptRoot> {
  const reference = c.args[0] as string;
  const backend = await (await opener(c))(reference);
  const root = cryptRootOf(backend);
  if (!root)
    throw new TscloneError('unsupported', `${reference} is not a crypt remote. Name one of type crypt`, {
      retry: 'no',
    });
  return root;
}
