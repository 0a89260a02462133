import type { Backend } from '../../core/backend.ts';
import {
  Findings,
  type DiagnoseOptions,
  type Diagnosis,
  type Finding,
  type RemoteReport,
} from '../../core/diagnosis.ts';
import { hasCode, messageOf } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { trimSlashes } from '../../core/path.ts';
import { joinReference, parseRemote, type Remote } from '../../core/remote.ts';
import type { S3Options } from '../../backends/s3/options.ts';
import type { Session } from '../../session.ts';
import { checkStorage } from './storage.ts';

/**
 * Tries what a backup job needs of a remote and of every remote below it: address, clock, credentials, region, listing,
 * reading; with `write` also storing, copying, deleting and aborting, with objects of its own, which it removes.
 * Never throws for what is wrong with the remote: that is the result. @throws aborted
 */
export async function diagnose(session: Session, reference: string, o: DiagnoseOptions = {}): Promise<Diagnosis> {
  const remotes: RemoteReport[] = [];
  await visit(session, reference, o, remotes, new Set());
  const ok = remotes.every((r) => r.left.length === 0 && r.findings.every((f) => f.severity !== 'error'));
  return { reference, ok, remotes };
}

/** Reports on what stands below first. Answers whether all of it works. */
async function visit(
  session: Session,
  reference: string,
  o: DiagnoseOptions,
  out: RemoteReport[],
  seen: Set<string>,
): Promise<boolean> {
  if (seen.has(reference)) return true;
  seen.add(reference);
  const add = (report: RemoteReport): boolean => {
    out.push(report);
    return report.findings.every((f) => f.severity !== 'error');
  };
  let remote: Remote;
  let resolved: Awaited<ReturnType<Session['resolve']>>;
  try {
    remote = parseRemote(reference);
    resolved = await session.resolve(remote);
  } catch (e) {
    return add(cannotResolve(session, reference, e));
  }
  const { type } = resolved.definition;
  const name = remote.name === '' ? 'local' : remote.name;
  if (type === 's3') {
    const { diagnoseS3 } = await import('../../backends/s3/diagnose/diagnose.ts');
    const { platform, limits, emit } = session;
    const options = resolved.options as unknown as S3Options;
    return add(await diagnoseS3({ name, options, path: trimSlashes(remote.path), platform, limits, emit }, o));
  }
  let backend: Backend | undefined;
  let failure: unknown;
  try {
    backend = await session.open(reference);
  } catch (e) {
    failure = e;
  }
  let sound = true;
  for (const below of lowerReferences(session, remote, resolved.options)) {
    const target = type === 'alias' ? joinReference(below, remote.path) : below;
    if (!(await visit(session, target, o, out, seen))) sound = false;
  }
  if (type === 'alias' && backend) return sound;
  const f = new Findings(name);
  if (!backend) f.found(openFault(failure), 'cannot be opened');
  else if (sound) await checkStorage(backend, type, session.platform, session.emit, f, o);
  else f.skip(['list', 'content'], 'not tried: what stands below does not work');
  const place = backend?.description ?? type;
  return add({ remote: name, type, place, checks: f.checks, findings: f.findings, left: f.left }) && sound;
}

/** What opening the remote has opened below; where that failed early, what its options name. */
function lowerReferences(session: Session, remote: Remote, options: Record<string, unknown>): readonly string[] {
  const opened = session.below(remote);
  if (opened.length > 0) return opened;
  const named = options['remote'];
  return typeof named === 'string' && named !== '' && !named.startsWith(`${remote.name}:`) ? [named] : [];
}

function cannotResolve(session: Session, reference: string, e: unknown): RemoteReport {
  const remote = /^:?[^:,]*/.exec(reference)?.[0] ?? reference;
  const f = new Findings(remote);
  const names = session.remotes().map((r) => r.name);
  const near = nearest(remote, names);
  const faultOf = (): Omit<Finding, 'remote' | 'severity'> => {
    if (hasCode(e, 'unknown_remote')) {
      return {
        fault: 'unknown_remote',
        check: 'config',
        cause: `The config has no remote "${remote}"${near === undefined ? '' : `; there is one called "${near}"`}.`,
        remedy: near === undefined ? 'Make it: tsclone config create.' : `Use ${near}:.`,
      };
    }
    if (hasCode(e, 'backend_not_built')) {
      return {
        fault: 'other_program',
        check: 'config',
        cause: `Remote "${remote}" is of a type that is not built into tsclone.`,
        remedy: `Ask rclone, which does its work: rclone lsd ${remote}:.`,
        answer: messageOf(e),
      };
    }
    return openFault(e);
  };
  f.found(faultOf());
  return { remote, type: '', place: reference, checks: f.checks, findings: f.findings, left: [] };
}

function openFault(e: unknown): Omit<Finding, 'remote' | 'severity'> {
  return {
    fault: 'bad_config',
    check: 'config',
    cause: 'The remote cannot be opened as it is configured.',
    remedy: 'Mend the option that the message names.',
    answer: messageOf(e),
  };
}
