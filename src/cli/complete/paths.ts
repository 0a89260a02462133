import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { leafOf } from '../../core/path.ts';
import { parseRemote, type Remote } from '../../core/remote.ts';
import type { Session } from '../../session.ts';
import type { Candidate } from './complete.ts';

/** More are no help to a person, and take time to list. */
const enough = 2000;

/** Remotes whose names begin so. */
export function remotesLike(session: Session, text: string): Candidate[] {
  return session
    .remotes()
    .filter(({ name }) => name.startsWith(text))
    .map(({ name, type, description }) => ({
      value: `${name}:`,
      help: description === '' ? type : `${type}: ${description}`,
    }));
}

/** What a directory holds that begins with the last part of the text; remotes too where one may be meant. */
export async function pathsLike(session: Session, text: string, signal: AbortSignal): Promise<Candidate[]> {
  const remote = readRemote(text);
  if (remote) return below(session, remote, signal);
  const names = text.includes('/') ? [] : remotesLike(session, text);
  return [...names, ...(await localLike(text))];
}

function readRemote(text: string): Remote | undefined {
  try {
    const remote = parseRemote(text);
    return remote.name === '' ? undefined : remote;
  } catch {
    return undefined;
  }
}

async function below(session: Session, remote: Remote, signal: AbortSignal): Promise<Candidate[]> {
  const slash = remote.path.lastIndexOf('/') + 1;
  const head = `${remote.configString}:${remote.path.slice(0, slash)}`;
  const backend = await session.open(head);
  const found: Candidate[] = [];
  for await (const entry of backend.list('', { signal })) {
    const name = leafOf(entry.path);
    if (!name.startsWith(remote.path.slice(slash))) continue;
    found.push({ value: head + name + (entry.kind === 'dir' ? '/' : ''), help: '' });
    if (found.length >= enough) break;
  }
  return found;
}

async function localLike(text: string): Promise<Candidate[]> {
  const slash = text.lastIndexOf('/') + 1;
  const head = text.slice(0, slash);
  const leaf = text.slice(slash);
  const entries = await readdir(head === '' ? '.' : head, { withFileTypes: true }).catch(() => []);
  const found: Candidate[] = [];
  for (const entry of entries) {
    if (!entry.name.startsWith(leaf) || (leaf === '' && entry.name.startsWith('.'))) continue;
    const isDirectory =
      entry.isDirectory() ||
      (entry.isSymbolicLink() && (await stat(join(head, entry.name)).catch(() => undefined))?.isDirectory());
    found.push({ value: head + entry.name + (isDirectory ? '/' : ''), help: '' });
    if (found.length >= enough) break;
  }
  return found;
}
