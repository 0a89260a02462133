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
import { joinReference, parseRemote, type Remote, type ValueSource } from '../../core/remote.ts';
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
  upper?: string,
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
    const report = await diagnoseS3({ name, options, path: trimSlashes(remote.path), platform, limits, emit }, o);
    return add(await withSources(session, remote, upper === undefined ? report : namingBucketIn(upper, report)));
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
    if (!(await visit(session, target, o, out, seen, name))) sound = false;
  }
  if (type === 'alias' && backend) return sound;
  const f = new Findings(name);
  if (!sound) f.skip(backend ? ['list', 'content'] : ['config'], 'not tried: what stands below does not work');
  else if (backend) await checkStorage(backend, type, session.platform, session.emit, f, o);
  else f.found(openFault(failure, [...resolved.definition.options.meta.keys()]), 'cannot be opened');
  const place = backend?.description ?? '';
  const report = { remote: name, type, place, checks: f.checks, findings: f.findings, left: f.left };
  return add(await withSources(session, remote, report)) && sound;
}

/** Notes of each line that mends what would count more than that line. */
async function withSources(session: Session, remote: Remote, report: RemoteReport): Promise<RemoteReport> {
  const findings = report.findings.map(async (f): Promise<Finding> => {
    if (!f.mend) return f;
    const { option, exchange, others = [] } = f.mend;
    const from: Record<string, ValueSource> = {};
    for (const name of [option, ...others, ...(exchange === undefined ? [] : [exchange])]) {
      const source = await session.strongerSource(remote, name);
      if (source) from[name] = source;
    }
    return Object.keys(from).length === 0 ? f : { ...f, mend: { ...f.mend, from } };
  });
  return { ...report, findings: await Promise.all(findings) };
}

/** Below a layer the bucket belongs into an option of the layer. */
function namingBucketIn(upper: string, report: RemoteReport): RemoteReport {
  const remedy = `Name the bucket in remote "${upper}": ${report.remote}:BUCKET in place of ${report.remote}:.`;
  const findings = report.findings.map((f) => (f.fault === 'cannot_list_buckets' ? { ...f, remedy } : f));
  return { ...report, findings };
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

/** `options`: those of the type; the message names the one to mend. */
function openFault(e: unknown, options: readonly string[] = []): Omit<Finding, 'remote' | 'severity'> {
  const message = messageOf(e);
  const words = new Set(message.split(/[^\w]+/));
  const option = options.find((name) => words.has(name));
  return {
    fault: 'bad_config',
    check: 'config',
    cause: `It cannot be opened: ${message.replace(/\.$/, '')}.`,
    remedy: option === undefined ? 'Mend what the message names.' : `Mend the option ${option}.`,
    ...(option === undefined ? {} : { mend: { option } }),
  };
}
