import type { Backend, ObjectInfo } from '../../core/backend.ts';
import { bytesSource, collect, equalBytes, toHex, utf8 } from '../../core/bytes.ts';
import type { CheckName, DiagnoseOptions, Findings } from '../../core/diagnosis.ts';
import { hasCode, messageOf, throwIfAborted } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { joinPath, leafOf } from '../../core/path.ts';
import type { Platform } from '../../core/platform.ts';

const writing: readonly CheckName[] = ['put', 'delete'];
const content = utf8('tsclone doctor wrote this to see whether it may; it can be deleted\n');
/** So many names are looked at; a wrong password shows in the first. */
const sampled = 50;

/** What can be tried of any storage through its backend: of files on this machine, and of layers. */
export async function checkStorage(
  backend: Backend,
  type: string,
  platform: Platform,
  emit: Emit,
  f: Findings,
  o: DiagnoseOptions,
): Promise<void> {
  if (type === 'crypt' && !(await checkNames(backend, f, o))) {
    f.skip(writing, 'not tried');
    return;
  }
  const first = await findObject(backend, f, o);
  if (first !== undefined) await checkContent(backend, type, first, f, o);
  if (f.failed || o.write !== true) f.skip(writing, f.failed ? 'not tried' : 'give --write to try');
  else await checkWriting(backend, platform, emit, f, o);
}

/** Do the names below come from this password? */
async function checkNames(backend: Backend, f: Findings, { signal }: DiagnoseOptions): Promise<boolean> {
  const { cryptRootOf } = await import('../../backends/crypt/backend.ts');
  const root = cryptRootOf(backend);
  if (!root) return true;
  const { names } = root.context;
  let [right, wrong] = [0, 0];
  let example = '';
  try {
    for await (const entry of root.inner.list('', { signal })) {
      const leaf = leafOf(entry.path);
      try {
        if (entry.kind === 'dir') names.decryptDir(leaf);
        else names.decryptFile(leaf);
        right += 1;
      } catch (e) {
        if (hasCode(e, 'aborted')) throw e;
        wrong += 1;
        example ||= leaf;
      }
      if (right + wrong >= sampled) break;
    }
  } catch (e) {
    if (hasCode(e, 'aborted')) throw e;
    // Nothing was stored yet, or the listing below will tell.
    return true;
  }
  if (wrong === 0) {
    f.ok('names', right === 0 ? 'none there yet' : `${right} can be decrypted`);
    return true;
  }
  if (right === 0) {
    f.found(
      {
        fault: 'wrong_password',
        check: 'names',
        cause: `Of ${wrong} name${wrong === 1 ? '' : 's'} that ${wrong === 1 ? 'was' : 'were'} looked at none can be decrypted: written with another password, or not by crypt.`,
        remedy:
          'Set password and password2 (both count) to those that the files were written with, or another directory.',
        mend: { option: 'password' },
        answer: `for example ${JSON.stringify(example)}`,
      },
      'cannot be decrypted',
    );
    return false;
  }
  f.found(
    {
      fault: 'foreign_names',
      severity: 'warning',
      check: 'names',
      cause: `${wrong} of ${right + wrong} names that were looked at were not written with this password; they are not shown.`,
      remedy: 'Give the remote a directory of its own.',
      mend: { option: 'remote' },
      answer: `for example ${JSON.stringify(example)}`,
    },
    `${wrong} of ${right + wrong} cannot be decrypted`,
  );
  return true;
}

/** An object of a listing, for reading: the first that is not empty. No more is listed than that needs. */
async function findObject(backend: Backend, f: Findings, { signal }: DiagnoseOptions): Promise<ObjectInfo | undefined> {
  // Where that is cheap, all at once: layers hand out whole trees as they come, but directories sorted.
  const recursive = backend.features.fastList;
  let found: ObjectInfo | undefined;
  const queue = [''];
  let entries = 0;
  try {
    for (let n = 0; n < queue.length && n < 20 && !found?.size; n++) {
      for await (const entry of backend.list(queue[n] as string, { signal, recursive })) {
        entries += 1;
        if (entry.kind === 'object') found = entry;
        else if (!recursive) queue.push(entry.path);
        if (found?.size || entries >= 1000) break;
      }
    }
    f.ok('list', entries === 0 ? 'nothing there yet' : 'works');
  } catch (e) {
    if (hasCode(e, 'aborted')) throw e;
    listingFailed(backend, e, f);
    return undefined;
  }
  if (found === undefined) f.skip(['content'], 'no file there to read');
  return found;
}

function listingFailed(backend: Backend, e: unknown, f: Findings): void {
  const place = backend.description;
  if (hasCode(e, 'dir_not_found')) {
    const cause = `${place} does not exist.`;
    f.found({
      fault: 'directory_missing',
      severity: 'warning',
      check: 'list',
      cause,
      remedy: 'Check the path; a write makes it.',
    });
    f.skip(['content'], 'no file there to read');
    return;
  }
  const denied = hasCode(e, 'permission_denied');
  f.found({
    fault: denied ? 'not_permitted' : 'refused',
    check: 'list',
    cause: denied ? `This user may not list ${place}.` : `${place} cannot be listed.`,
    remedy: denied ? 'Change owner or mode, or run as another user.' : 'Read the message.',
    answer: messageOf(e),
  });
}

async function checkContent(
  backend: Backend,
  type: string,
  info: ObjectInfo,
  f: Findings,
  o: DiagnoseOptions,
): Promise<void> {
  try {
    const { body } = await backend.read(info.path, { info, range: { start: 0, end: 1 }, signal: o.signal });
    await collect(body);
    f.ok('content', 'a file can be read');
  } catch (e) {
    if (hasCode(e, 'aborted')) throw e;
    const message = messageOf(e);
    if (hasCode(e, 'permission_denied')) {
      f.found({
        fault: 'not_permitted',
        check: 'content',
        cause: `This user may not read ${info.path}.`,
        remedy: 'Change owner or mode, or run as another user.',
        answer: message,
      });
    } else if (type === 'crypt' && /password|authenticate|bad magic|not an encrypted/i.test(message)) {
      f.found({
        fault: 'wrong_password',
        check: 'content',
        cause: `${info.path} was not encrypted with this password.`,
        remedy: 'Set password and password2 (both count) to those that it was written with.',
        mend: { option: 'password' },
        answer: message,
      });
    } else {
      f.found({
        fault: 'unreadable',
        check: 'content',
        cause: `${info.path} cannot be read.`,
        remedy:
          type === 'local' ? 'Read the message.' : 'Check that it was written with the same settings of this layer.',
        answer: message,
      });
    }
  }
}

async function checkWriting(
  backend: Backend,
  platform: Platform,
  emit: Emit,
  f: Findings,
  o: DiagnoseOptions,
): Promise<void> {
  const path = `.tsclone-doctor-${platform.now() / 1_000_000_000n}-${toHex(platform.randomBytes(6))}`;
  let there = true;
  const step = async (check: 'put' | 'delete', work: () => Promise<string>): Promise<void> => {
    try {
      f.ok(check, await work());
    } catch (e) {
      if (o.signal?.aborted) throw e;
      f.found({
        fault: hasCode(e, 'permission_denied') ? 'not_permitted' : hasCode(e, 'corrupted') ? 'corrupted' : 'refused',
        check,
        cause: `${joinPath(backend.description, path)} could not be ${check === 'put' ? 'stored' : 'deleted'}.`,
        remedy: 'Read the message.',
        answer: messageOf(e),
      });
    }
  };
  try {
    await step('put', async () => {
      await backend.write(path, bytesSource(content), { size: content.length, signal: o.signal });
      const back = await collect((await backend.read(path, { signal: o.signal })).body);
      if (!equalBytes(back, content)) throw new Error(`${content.length} bytes were stored, and others came back`);
      return 'stored, and read back the same';
    });
    if (f.checks.some((check) => check.name === 'put' && check.status !== 'ok')) f.skip(['delete'], 'not tried');
    else
      await step('delete', async () => {
        await backend.remove(path, { signal: o.signal });
        there = false;
        return 'a file';
      });
  } finally {
    // Also after an error or a signal, which it does not listen to.
    if (there) await backend.remove(path).catch((e: unknown) => leftBehind(backend, path, e, emit, f));
  }
  throwIfAborted(o.signal);
}

function leftBehind(backend: Backend, path: string, e: unknown, emit: Emit, f: Findings): void {
  if (hasCode(e, 'object_not_found', 'dir_not_found')) return;
  const name = `${backend.name}:${joinPath(backend.root, path)}`;
  f.left.push(name);
  emit({ type: 'log', level: 'error', subject: name, message: 'doctor could not remove what it has made; delete it' });
}
