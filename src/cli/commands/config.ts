import { NotBuiltIn } from '../hand-over.ts';
import type { CommandContext, CommandDefinition } from '../command.ts';
import { usageError } from '../errors.ts';
import { formatParamsForPeople, parseRemote } from '../../core/remote.ts';
import { nodeRegistry } from '../../node/registry.ts';
import { pairsOf } from '../config-text.ts';
import { cannotOpen } from '../references.ts';

export const config: CommandDefinition = {
  name: 'config',
  summary: 'Set up remotes by questions',
  help: `Shows a menu: new remote, edit, delete, rename, copy, password of the config file. The questions, their order and their
prompts are rclone's, so that scripts for it work. Nothing is written before a remote is confirmed; Ctrl-C leaves the
file as it was. At a terminal the menu also has a quick set-up: six questions for an S3 provider, then a check.

For types of storage that are not built in a real rclone asks, if there is one.`,
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  examples: ['tsclone config'],
  async run(c) {
    const { runWizard } = await import('../wizard/wizard.ts');
    await runWizard(c);
  },
};

export const configEdit: CommandDefinition = { ...config, name: 'config edit', hidden: true };

export const configString: CommandDefinition = {
  name: 'config string',
  summary: 'Print a remote as a connection string',
  help: 'Gives the remote with all its options in one text that needs no config file, secrets included. A path behind the remote stays.',
  usage: 'remote:[path]',
  minArgs: 1,
  maxArgs: 1,
  examples: ['tsclone config string r2_backups:my-backup-bucket'],
  async run(c) {
    const remote = parseRemote(c.args[0] as string);
    const { config: file } = await c.session();
    const name = remote.name || 'local';
    const pairs = new Map([...pairsOf(file, name, c.env), ...remote.params]);
    const type = name.startsWith(':') ? name.slice(1) : name === 'local' ? name : pairs.get('type');
    if (type === undefined) throw usageError(`didn't find section in config file ("${name}")`);
    pairs.delete('type');
    const params = formatParamsForPeople(pairs);
    await c.out.line(`:${type}${params === '' ? '' : ','}${params}:${remote.path}`);
  },
};

/** Sessions with accounts: none of the built-in backends has them. */
function accountCommand(
  name: string,
  summary: string,
  refuse: (c: CommandContext, reference: string) => Promise<string>,
) {
  const command: CommandDefinition = {
    name: `config ${name}`,
    summary,
    help: 'For backends that log in with an account. None of the built-in ones does; for others a real rclone is asked.',
    usage: 'remote:',
    minArgs: 1,
    maxArgs: 1,
    async run(c) {
      const reference = c.args[0] as string;
      const remote = parseRemote(reference.includes(':') ? reference : `${reference}:`);
      const { config: file } = await c.session();
      const type = remote.name.startsWith(':') ? remote.name.slice(1) : file.get(remote.name, 'type');
      if (type === undefined) {
        const missing = `didn't find section in config file ("${remote.name}")`;
        throw name === 'reconnect' ? usageError(missing) : cannotOpen(reference, new Error(missing));
      }
      if (!Object.hasOwn(nodeRegistry, type)) {
        throw new NotBuiltIn('command', `config ${name}: type "${type}" is not built in tsclone`);
      }
      throw usageError(await refuse(c, reference));
    },
  };
  return command;
}

const describe = async (c: CommandContext, reference: string): Promise<string> =>
  (await (await c.session()).open(reference)).description;

export const configReconnect = accountCommand(
  'reconnect',
  'Log in to an account again',
  async () => "backend doesn't support reconnect or authorize",
);
export const configDisconnect = accountCommand(
  'disconnect',
  'Log out of an account',
  async (c, reference) => `${await describe(c, reference)} doesn't support Disconnect`,
);
export const configUserinfo: CommandDefinition = {
  ...accountCommand(
    'userinfo',
    'Show the account of a remote',
    async (c, reference) => `${await describe(c, reference)} doesn't support UserInfo`,
  ),
  flags: [{ name: 'json', type: 'bool', default: 'false', help: 'Print JSON' }],
};
