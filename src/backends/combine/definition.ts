import type { BackendDefinition } from '../../core/definition.ts';
import { messageOf, TscloneError } from '../../core/errors.ts';
import type { Backend } from '../../core/backend.ts';
import { defineOptions, option } from '../../options/define.ts';
import { string } from '../../options/values.ts';
import { splitUpstreams } from '../layer.ts';
import { createCombineBackend } from './backend.ts';

const options = defineOptions({
  upstreams: option(string(), {
    type: 'SpaceSepList',
    default: '',
    help: 'Directories and what they stand for: `dir=remote:path dir2=remote2:path`. One with spaces stands in double quotes as a whole: `"dir=remote:a b"`.',
    required: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

/** Several remotes as the directories of one. */
export const combine: BackendDefinition<NonNullable<typeof options.output>> = {
  type: 'combine',
  summary: 'Shows several remotes as directories of one',
  options,
  async open({ name, options: o, openRemote }) {
    const places = parseUpstreams(name, o.upstreams);
    const upstreams = new Map<string, Backend>();
    await Promise.all(
      [...places].map(async ([dir, remote]) => {
        try {
          upstreams.set(dir, await openRemote(remote));
        } catch (e) {
          throw new TscloneError('bad_config', `failed to create upstream "${remote}": ${messageOf(e)}`, {
            remote: name,
            retry: 'no',
            cause: e,
          });
        }
      }),
    );
    return createCombineBackend(name, new Map([...places.keys()].map((dir) => [dir, upstreams.get(dir) as Backend])));
  },
};

/** Remote by directory. @throws bad_config */
function parseUpstreams(name: string, text: string): Map<string, string> {
  const fail = (message: string): TscloneError =>
    new TscloneError('bad_config', message, { remote: name, retry: 'no' });
  const places = new Map<string, string>();
  for (const definition of splitUpstreams(name, 'combine', text)) {
    const equals = definition.indexOf('=');
    if (equals < 0) throw fail(`no "=" in upstream definition "${definition}"`);
    const dir = definition.slice(0, equals);
    const remote = definition.slice(equals + 1);
    if (dir === '') throw fail(`empty dir in upstream definition "${definition}"`);
    if (remote === '') throw fail(`empty remote in upstream definition "${definition}"`);
    if (dir.includes('/')) throw fail(`dirs can't contain / (yet): "${dir}"`);
    if (dir === '.' || dir === '..') throw fail(`a directory cannot be called "${dir}"`);
    if (remote.startsWith(`${name}:`))
      throw fail("can't point combine remote at itself - check the value of the upstreams setting");
    if (places.has(dir)) throw fail(`duplicate directory name "${dir}"`);
    places.set(dir, remote);
  }
  return places;
}
