import type { Check, CheckStatus, Diagnosis, Finding, Mend, RemoteReport } from '../../core/diagnosis.ts';
import type { ValueSource } from '../../core/remote.ts';
import { remoteVariable } from '../../options/derive.ts';
import { withoutControls } from '../output.ts';
import { wrap } from './wrap.ts';

export interface ShowOptions {
  readonly colours: boolean;
  /** Findings whose line was written into the config. */
  readonly written: readonly Finding[];
  readonly write: boolean;
  /** Has the config file a section of this name? */
  readonly hasSection: (name: string) => boolean;
}

const width = 80;
const words: Readonly<Record<CheckStatus, string>> = { ok: 'ok', warning: 'warning', failed: 'FAILED', skipped: '' };
const colour: Readonly<Record<CheckStatus, number>> = { ok: 32, warning: 33, failed: 31, skipped: 2 };

/** A table for each remote, then what is wrong with it and how to mend it. Fits 80 columns, but for lines to copy. */
export function showDiagnosis(d: Diagnosis, o: ShowOptions): string {
  const paint = (status: CheckStatus, text: string): string =>
    o.colours ? `\x1b[${colour[status]}m${text}\x1b[0m` : text;
  const lines: string[] = [];
  for (const report of d.remotes) {
    if (lines.length > 0) lines.push('');
    lines.push(...heading(report));
    for (const check of report.checks) if (check.status !== 'skipped') lines.push(...row(check, paint));
    lines.push(...skipped(report.checks, paint));
  }
  for (const finding of d.remotes.flatMap((r) => r.findings))
    lines.push('', ...problem(finding, d.reference, o, paint));
  const left = d.remotes.flatMap((r) => r.left);
  if (left.length > 0)
    lines.push('', 'left behind, for you to delete:', ...left.map((name) => `  ${withoutControls(name)}`));
  if (o.written.length > 0) lines.push('', ...o.written.flatMap((w) => writtenLines(w, d)));
  lines.push('', conclusion(d, o));
  return `${lines.join('\n')}\n`;
}

function heading({ remote, type, place }: RemoteReport): string[] {
  return wrap(withoutControls(`${remote}: ${[type, place].filter((t) => t !== '').join(', ')}`), width, 2);
}

function row({ name, status, detail }: Check, paint: (s: CheckStatus, t: string) => string): string[] {
  const [first = '', ...more] = wrap(withoutControls(detail), width - 24);
  const head = `  ${name.padEnd(12)} ${paint(status, words[status].padEnd(8))} ${first}`.trimEnd();
  return [head, ...more.map((line) => `${' '.repeat(24)}${line}`)];
}

/** What was not tried, by reason. */
function skipped(checks: readonly Check[], paint: (s: CheckStatus, t: string) => string): string[] {
  const names = new Map<string, string[]>();
  for (const { name, status, detail } of checks)
    if (status === 'skipped') names.set(detail, [...(names.get(detail) ?? []), name]);
  return [...names].flatMap(([reason, of]) =>
    wrap(withoutControls(`${of.join(', ')}: ${reason}`), width - 2, 2).map((line) => `  ${paint('skipped', line)}`),
  );
}

function problem(
  f: Finding,
  reference: string,
  o: ShowOptions,
  paint: (s: CheckStatus, t: string) => string,
): string[] {
  const status = f.severity === 'error' ? 'failed' : 'warning';
  const lines = [
    `${paint(status, f.severity === 'error' ? 'PROBLEM' : 'WARNING')} ${f.fault} (${f.check} of ${withoutControls(f.remote)})`,
  ];
  lines.push(...hanging('cause', withoutControls(f.cause)));
  if (f.answer !== undefined) lines.push(...hanging('answer', withoutControls(f.answer)));
  lines.push(...hanging('remedy', withoutControls(f.remedy)));
  if (!f.mend) return lines;
  const { option, value, remove, exchange, others = [], from = {} } = f.mend;
  if (exchange !== undefined) {
    lines.push(`  line     the values of ${option} and ${exchange} change places${tried(f)}`);
    lines.push(...[option, exchange].flatMap((name) => (from[name] ? [given(from[name])] : [])));
    return o.hasSection(f.remote) && f.proved && Object.keys(from).length === 0
      ? [...lines, `  command  tsclone doctor ${quoted(withoutControls(reference))} --fix`]
      : lines;
  }
  const all = [option, ...others];
  // Lines to copy are not broken.
  for (const name of all) {
    const line = remove ? `remove the line of ${name}` : `${name} = ${value ?? '…'}`;
    lines.push(`  ${(name === option ? 'line' : '').padEnd(8)} ${withoutControls(line)}${tried(f)}`);
  }
  const inFile = all.filter((name) => !from[name]);
  const pairs = inFile.map((name) => `${name}=${quoted(value ?? '…')}`);
  if (inFile.length > 0 && o.hasSection(f.remote)) {
    const command = remove ? `config unset ${f.remote} ${option}` : `config update ${f.remote} ${pairs.join(' ')}`;
    lines.push(`  command  tsclone ${withoutControls(command)}`);
  } else if (inFile.length > 0 && /^[\w-]+$/.test(f.remote) && !remove) {
    for (const name of inFile) lines.push(`  variable ${remoteVariable(f.remote, name)}=${quoted(value ?? '…')}`);
  }
  for (const name of all) if (from[name]) lines.push(given(from[name], remove ? '' : quoted(value ?? '…')));
  return lines;
}

/** Where the value stands that counts more than the config file: it is to be changed there. */
function given({ kind, name }: ValueSource, value?: string): string {
  const place = kind === 'connection' ? `${name}=… in the connection string` : name;
  if (value === undefined) return `  ${kind === 'connection' ? 'text    ' : kind.padEnd(8)} ${place}`;
  if (value === '') return `  ${kind === 'connection' ? 'text    ' : kind.padEnd(8)} leave out ${place}`;
  return kind === 'connection'
    ? `  text     ${name}=${value} in the connection string`
    : `  ${kind.padEnd(8)} ${name}=${value}`;
}

const tried = ({ proved, guess }: Finding): string =>
  proved ? '   (tried: it helps)' : guess ? '   (a guess: it did not help alone)' : '';

function writtenLines({ remote, fault, mend }: Finding, d: Diagnosis): string[] {
  if (!mend) return [];
  const line = `written into [${remote}]: ${writtenText(mend)}`;
  const stays = d.remotes.some((r) => r.findings.some((f) => f.fault === fault && f.remote === remote));
  return stays ? [line, '  That did not help.'] : [line];
}

function writtenText({ option, value = '', remove, exchange }: Mend): string {
  if (exchange !== undefined) return `${option} and ${exchange} exchanged`;
  return remove ? `${option} removed` : `${option} = ${value}`;
}

const quoted = (value: string): string =>
  /^[\w:/.,=+@%…-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;

function conclusion(d: Diagnosis, o: ShowOptions): string {
  const findings = d.remotes.flatMap((r) => r.findings);
  const errors = findings.filter((f) => f.severity === 'error').length;
  const warnings = findings.length - errors;
  const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  if (errors > 0) return `${count(errors, 'problem')}${warnings > 0 ? `, ${count(warnings, 'warning')}` : ''}.`;
  const well = o.write ? 'All is well.' : 'All is well, as far as reading goes; --write tries the rest.';
  return warnings > 0 ? `${well} ${count(warnings, 'warning')}.` : well;
}

function hanging(label: string, text: string): string[] {
  const [first = '', ...more] = wrap(text, width - 11);
  return [`  ${label.padEnd(8)} ${first}`, ...more.map((line) => `${' '.repeat(11)}${line}`)];
}
