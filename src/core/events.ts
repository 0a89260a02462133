export type LogLevel = 'debug' | 'info' | 'notice' | 'error' | 'critical';

/**
 * What happened, as JSON-serialisable data. Adding a member is no breaking change; changing one is.
 * `core`, `operations` and `backends` emit events and never print.
 */
export type Event =
  /** One line for the log; `subject` is the object's path or the remote's description. */
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly subject?: string;
      readonly message: string;
      /** Extra facts for JSON logs (`size`, `skipped` …). */
      readonly extra?: Readonly<Record<string, string | number>>;
    }
  /** Two objects are being compared. */
  | { readonly type: 'check.start'; readonly path: string }
  | { readonly type: 'check.done'; readonly path: string }
  | { readonly type: 'transfer.start'; readonly path: string; readonly size?: number }
  /** `bytes` more that the destination has taken since the last event of this path. */
  | { readonly type: 'transfer.bytes'; readonly path: string; readonly bytes: number }
  | { readonly type: 'transfer.done'; readonly path: string; readonly bytes: number }
  | { readonly type: 'transfer.failed'; readonly path: string; readonly code: string; readonly message: string }
  | { readonly type: 'delete'; readonly path: string }
  | { readonly type: 'retry'; readonly operation: string; readonly attempt: number; readonly message: string };

export type Emit = (event: Event) => void;

export const ignoreEvents: Emit = () => {};
