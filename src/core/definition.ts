import type { Backend, OpenArgs } from './backend.ts';
import type { BackendOptions } from '../options/define.ts';

/** What `tsclone backend help` tells of one of a backend's own commands. */
export interface BackendCommand {
  readonly name: string;
  readonly summary: string;
  /** Words behind `remote:path`. */
  readonly usage?: string;
  readonly help: string;
  /** What `-o NAME=value` can say, by name. */
  readonly options?: Readonly<Record<string, string>>;
  /** What it answers is data, not lines to print as they are. */
  readonly answersJson?: boolean;
}

/** A kind of storage: what stands behind `type = …` in rclone.conf. */
export interface BackendDefinition<O = Record<string, unknown>> {
  /** Value of `type`. */
  readonly type: string;
  readonly summary: string;
  /** One schema drives parsing, defaults, flags, variables and types. */
  readonly options: BackendOptions<O>;
  /** Commands of its own, loaded for help and on use. */
  readonly commands?: () => Promise<readonly BackendCommand[]>;
  /** Opens the remote at its own root. Sends no request; rejects with `bad_config` when options contradict. */
  open(args: OpenArgs<O>): Promise<Backend>;
}
