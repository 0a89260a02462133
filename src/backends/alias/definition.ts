import type { BackendDefinition } from '../../core/definition.ts';
import { TscloneError } from '../../core/errors.ts';
import { joinReference } from '../../core/remote.ts';
import { defineOptions, option } from '../../options/define.ts';
import { string } from '../../options/values.ts';

const options = defineOptions({
  remote: option(string(), {
    type: 'string',
    default: '',
    help: 'Remote or path that the alias stands for: `myremote:path`, `/local/path`.',
    required: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

/** Another name for a remote or a path below it. Opening it gives the backend that it stands for. */
export const alias: BackendDefinition<NonNullable<typeof options.output>> = {
  type: 'alias',
  summary: 'Another name for a remote or a path',
  options,
  async open({ name, options: { remote }, openRemote }) {
    if (remote === '') {
      throw new TscloneError(
        'bad_config',
        "alias can't point to an empty remote - check the value of the remote setting",
        { remote: name, retry: 'no' },
      );
    }
    if (remote === `${name}:` || remote.startsWith(`${name}:`)) {
      throw new TscloneError(
        'bad_config',
        "can't point alias remote at itself - check the value of the remote setting",
        { remote: name, retry: 'no' },
      );
    }
    const target = await openRemote(remote);
    return { ...target, at: (path) => target.at(pathBelow(target.root, path)) };
  },
};

/** The alias's root lies below the target's. */
function pathBelow(root: string, path: string): string {
  return path === '' ? root : joinReference(root, path);
}
