import type { Backend, OpenArgs } from './backend.ts';
import type { BackendOptions } from '../options/define.ts';

/** A kind of storage: what stands behind `type = …` in rclone.conf. */
export interface BackendDefinition<O = Record<string, unknown>> {
  /** Value of `type`. */
  readonly type: string;
  readonly summary: string;
  /** One schema drives parsing, defaults, flags, variables and types. */
  readonly options: BackendOptions<O>;
  /** Opens the remote at its own root. Sends no request; rejects with `bad_config` when options contradict. */
  open(args: OpenArgs<O>): Promise<Backend>;
}
