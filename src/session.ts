import type { Backend } from './core/backend.ts';
import type { Remote } from './core/remote.ts';

/**
 * A config with its registry, events and limits: the one place where the parts are wired. Backends are cached per
 * remote and options, so that `open` is cheap and one S3 client serves all paths of a remote.
 */
export interface Session {
  /** Opens `name:path`, `:type,k=v:path` or a local path, rooted at that path. Sends no request. */
  open(reference: string | Remote): Promise<Backend>;
}
