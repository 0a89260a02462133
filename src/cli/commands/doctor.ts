import type { ConfigFile } from '../../config/file.ts';
import type { Diagnosis, Finding } from '../../core/diagnosis.ts';
import { TscloneError } from '../../core/errors.ts';
import { parseRemote } from '../../core/remote.ts';
import { diagnose } from '../../library/diagnose/diagnose.ts';
import type { Session } from '../../session.ts';
import { switchFlag, type CommandContext, type CommandDefinition } from '../command.ts';
import { showDiagnosis } from '../render/diagnosis.ts';

export const doctor: CommandDefinition = {
  name: 'doctor',
  summary: 'Find out why a remote does not work, and how to mend it',
  help: `Tries what a backup job needs of a remote, one step at a time: address and certificate, clock, credentials, region,
listing, reading; with --write also storing, uploading in parts, copying, deleting and aborting an upload. Prints what the
token may do, and for each failure its cause and the line of the config that mends it. Where such a line can be tried, it
has been. Remotes below a layer (crypt, compress, alias …) are looked at first.

Without --write nothing is changed. With it, objects called .tsclone-doctor-… are stored below the path and removed again.

A step may take 15 seconds, or --timeout. With --dry-run neither storage nor config is written.

Ends with 0 when there is no problem (warnings are for other programs), else with 1. tsclone explain NAME says more of a
fault.`,
  usage: 'remote:[bucket/path]',
  minArgs: 1,
  maxArgs: 1,
  flags: [
    switchFlag('write', 'Also try to store, copy and delete, with objects of its own'),
    switchFlag('fix', 'Write the mending lines into the config, then look again'),
    switchFlag('json', 'Print JSON'),
  ],
  examples: ['tsclone doctor r2_backups:my-backup-bucket', 'tsclone doctor r2_backups:my-backup-bucket --write --fix'],
  async run(c) {
    const session = await c.session();
    const reference = asReference(session, c.args[0] as string);
    const given = c.flags.isSet('timeout') ? { timeoutMs: Number(c.flags.duration('timeout') / 1_000_000n) } : {};
    const o = { signal: c.operation.signal, write: c.flags.bool('write') && !c.operation.settings.dryRun, ...given };
    let diagnosis = await diagnose(session, reference, o);
    const written: Finding[] = [];
    // Behind one mistake another may wait, but not for ever.
    for (let n = 0; c.flags.bool('fix') && !c.operation.settings.dryRun && n < 5; n++) {
      const mending = mendable(session, diagnosis, written);
      if (mending.length === 0) break;
      await write(c, session, mending);
      written.push(...mending);
      diagnosis = await diagnose(session.reopen(), reference, o);
    }
    if (c.flags.bool('json')) {
      await c.out.line(
        JSON.stringify({ ...diagnosis, ...(c.flags.bool('fix') ? { fixed: written } : {}) }, undefined, '\t'),
      );
    } else {
      const colours =
        c.out.isTerminal && c.env['NO_COLOR'] === undefined
          ? c.flags.string('color') !== 'NEVER'
          : c.flags.string('color') === 'ALWAYS';
      const text = showDiagnosis(diagnosis, {
        colours,
        written,
        write: o.write,
        hasSection: (name) => session.config.has(name),
      });
      // Colours are the only control characters of it.
      await c.out.write(colours ? new TextEncoder().encode(text) : text);
    }
    if (diagnosis.ok) return;
    const count = diagnosis.remotes.flatMap((r) => r.findings.filter((f) => f.severity === 'error')).length;
    throw new TscloneError('other', `${count} problem${count === 1 ? '' : 's'} found`, { retry: 'no' });
  },
};

/** People forget the colon. */
function asReference(session: Session, text: string): string {
  const isName = parseRemote(text).name === '' && session.remotes().some((r) => r.name === text);
  return isName ? `${text}:` : text;
}

/** Findings whose line is known, can stand in the file, and has not been written before. */
function mendable(session: Session, diagnosis: Diagnosis, written: readonly Finding[]): Finding[] {
  return diagnosis.remotes
    .flatMap((r) => r.findings)
    .filter(({ mend, remote, fault, proved, guess }) => {
      if (!mend || guess || !session.config.has(remote)) return false;
      // What counts more than the file is not mended in it.
      if (mend.from) return false;
      const isKnown = mend.value !== undefined || mend.remove === true || (mend.exchange !== undefined && proved);
      if (!isKnown) return false;
      return !written.some((w) => w.fault === fault && w.remote === remote);
    });
}

async function write(c: CommandContext, session: Session, findings: readonly Finding[]): Promise<void> {
  const store = await c.configStore();
  const change = (config: ConfigFile): void => {
    for (const { remote, mend } of findings) {
      if (!mend || !config.has(remote)) continue;
      if (mend.exchange !== undefined) exchange(config, remote, mend.option, mend.exchange);
      else if (mend.remove) config.unset(remote, mend.option);
      else if (mend.value !== undefined) config.set(remote, mend.option, mend.value);
    }
  };
  await store.update(change);
  if (store.config !== session.config) change(session.config);
}

function exchange(config: ConfigFile, remote: string, one: string, other: string): void {
  const [a, b] = [config.get(remote, one) ?? '', config.get(remote, other) ?? ''];
  config.set(remote, one, b);
  config.set(remote, other, a);
}
