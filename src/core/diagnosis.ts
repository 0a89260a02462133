import type { FaultName } from './faults.ts';
import type { ValueSource } from './remote.ts';

/** What is tried, in the order of the report. */
export type CheckName =
  | 'config'
  | 'address'
  | 'clock'
  | 'credentials'
  | 'region'
  | 'list'
  | 'bucket'
  | 'get'
  | 'put'
  | 'multipart'
  | 'copy'
  | 'delete'
  | 'abort'
  | 'names'
  | 'content';

/** `skipped`: not asked for, or an earlier failure leaves nothing to try. */
export type CheckStatus = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Check {
  readonly name: CheckName;
  readonly status: CheckStatus;
  /** A few words for people. */
  readonly detail: string;
}

/** The line of the config that mends a finding. */
export interface Mend {
  readonly option: string;
  /** Absent = only the user knows it. */
  readonly value?: string;
  /** The line is to go. */
  readonly remove?: true;
  /** Options that change with it. */
  readonly others?: readonly string[];
  /** Another option with which it changes places: two secrets, which nobody prints. */
  readonly exchange?: string;
  /** For those of the options that have it: what gives the value today and counts more than the file. */
  readonly from?: Readonly<Record<string, ValueSource>>;
}

/** One thing that is wrong, with its cause and its cure. No text of it holds a secret. */
export interface Finding {
  readonly fault: FaultName;
  /** `error`: a backup job fails or may lose something; `warning`: tsclone copes, other programs may not. */
  readonly severity: 'error' | 'warning';
  readonly check: CheckName;
  /** Name of the remote whose section is to be mended. */
  readonly remote: string;
  /** What is wrong, with the names of this case. */
  readonly cause: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly mend?: Mend;
  /** True when the same request went well with the mended line. */
  readonly proved?: true;
  /** True when it did not: the line is a guess. */
  readonly guess?: true;
  /** What the service or the network said, in one line. */
  readonly answer?: string;
}

/** What was found out about one remote. */
export interface RemoteReport {
  readonly remote: string;
  readonly type: string;
  /** Where it leads, for people. */
  readonly place: string;
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  /** What `write` has made and could not remove again. */
  readonly left: readonly string[];
}

export interface Diagnosis {
  readonly reference: string;
  /** No finding of severity `error`. */
  readonly ok: boolean;
  /** The storage first, then the layers on it. */
  readonly remotes: readonly RemoteReport[];
}

export interface DiagnoseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Also store, copy and delete objects of its own. Default: nothing is changed. */
  readonly write?: boolean | undefined;
  /** How long one request may take. Default: 15000. */
  readonly timeoutMs?: number | undefined;
}

/** Gathers what is found out about one remote. */
export class Findings {
  readonly checks: Check[] = [];
  readonly findings: Finding[] = [];
  readonly left: string[] = [];
  readonly #remote: string;
  readonly #scrub: (text: string) => string;

  /** `scrub` takes secrets out of texts. */
  constructor(remote: string, scrub: (text: string) => string = (text) => text) {
    this.#remote = remote;
    this.#scrub = scrub;
  }

  ok(name: CheckName, detail: string): void {
    this.#add(name, 'ok', detail);
  }

  skip(names: readonly CheckName[], detail: string): void {
    for (const name of names) if (!this.has(name)) this.#add(name, 'skipped', detail);
  }

  /** Notes a finding, and its check as failed. */
  found(f: Omit<Finding, 'remote' | 'severity'> & { severity?: Finding['severity'] }, detail?: string): void {
    const { severity = 'error' } = f;
    const clean = (text: string): string =>
      this.#scrub(text)
        .replace(/[\s\p{Cc}]+/gu, ' ')
        .trim();
    this.findings.push({
      ...f,
      severity,
      remote: this.#remote,
      cause: clean(f.cause),
      remedy: clean(f.remedy),
      ...(f.answer === undefined ? {} : { answer: clean(f.answer) }),
    });
    this.#add(f.check, severity === 'error' ? 'failed' : 'warning', detail ?? f.fault);
  }

  has(name: CheckName): boolean {
    return this.checks.some((check) => check.name === name);
  }

  get failed(): boolean {
    return this.findings.some((f) => f.severity === 'error');
  }

  #add(name: CheckName, status: CheckStatus, detail: string): void {
    const at = this.checks.findIndex((check) => check.name === name);
    const check = { name, status, detail: this.#scrub(detail) };
    const before = this.checks[at]?.status;
    // The first of the worst is what a check shows.
    if (before === undefined) this.checks.push(check);
    else if (badness.indexOf(status) > badness.indexOf(before)) this.checks[at] = check;
  }
}

const badness: readonly CheckStatus[] = ['skipped', 'ok', 'warning', 'failed'];
