/** A parsed reference to storage. */
export interface Remote {
  /** '' = local path; `:s3` for a backend on the fly. */
  readonly name: string;
  /** Connection string parameters in the order given. */
  readonly params: ReadonlyMap<string, string>;
  readonly path: string;
}
