import type { BackendDefinition } from '../core/definition.ts';
import { TscloneError } from '../core/errors.ts';
import type { BackendOptions, OptionMeta } from './define.ts';

/** `chunk_size` of `s3` → `s3-chunk-size`; some options of local have flags without the prefix. */
export function flagName(type: string, option: string, meta: Pick<OptionMeta, 'noPrefix'>): string {
  const dashed = option.replaceAll('_', '-');
  return meta.noPrefix ? dashed : `${type}-${dashed}`;
}

/** `max-depth` → `RCLONE_MAX_DEPTH`. */
export function flagVariable(flag: string): string {
  return `RCLONE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** `r2`, `chunk_size` → `RCLONE_CONFIG_R2_CHUNK_SIZE`. Of the name only the case changes. */
export function remoteVariable(remote: string, option: string): string {
  return `RCLONE_CONFIG_${remote.toUpperCase()}_${option.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Turns texts into the typed options of a backend.
 * @throws bad_config naming remote, option and value; also when an option that is not built yet is set.
 */
export function parseOptions<O>(
  definition: BackendDefinition<O>,
  remote: string,
  get: (option: string) => string | undefined,
): O {
  const options: BackendOptions<O> = definition.options;
  const out: Record<string, unknown> = {};
  for (const [name, meta] of options.meta) {
    const given = get(name);
    const text = given ?? meta.default;
    const shown = meta.sensitive || meta.isPassword ? '***' : text;
    if (meta.notBuilt !== undefined && given !== undefined && !sameValue(options, name, given, meta.default)) {
      throw new TscloneError(
        'unsupported',
        `remote "${remote}": option ${name} = ${shown} is not built in tsclone yet: ${meta.notBuilt}. Remove it, or use rclone for this remote`,
        { remote, retry: 'no' },
      );
    }
    const parsed = options.shape[name]?.safeParse(text);
    if (!parsed?.success) {
      const reason = parsed?.error.issues[0]?.message ?? 'not a valid value';
      throw new TscloneError(
        'bad_config',
        `remote "${remote}": option ${name} = ${JSON.stringify(shown)} is not a valid ${meta.type}: ${reason}`,
        { remote, retry: 'no' },
      );
    }
    out[name] = parsed.data;
  }
  return out as O;
}

function sameValue(options: BackendOptions<unknown>, name: string, a: string, b: string): boolean {
  if (a === b) return true;
  const schema = options.shape[name];
  const x = schema?.safeParse(a);
  const y = schema?.safeParse(b);
  return x?.success === true && y?.success === true && x.data === y.data;
}
