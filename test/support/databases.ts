import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findPeer, type Peer } from './peers.ts';
import { freePort, tempDir } from './servers.ts';

/** A database server on loopback with one user. */
export interface DatabaseServer {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Names of its two databases, both empty. */
  readonly databases: readonly [string, string];
  stop(): Promise<void>;
}

/** Whether both servers and their dump programs are there. */
export const hasDatabases = (): boolean =>
  (['initdb', 'postgres', 'pg_dump', 'psql', 'mariadb-install-db', 'mariadbd', 'mariadb', 'mysqldump'] as const).every(
    (p) => findPeer(p) !== undefined,
  );

const user = 'backup_user';
const password = 'testpassword';
const databases = ['shop', 'restored'] as const;
// Neither server runs as root: there it gets the user `nobody`.
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** PostgreSQL in a folder of its own. */
export async function startPostgres(): Promise<DatabaseServer> {
  const dir = await serverDir();
  const port = await freePort();
  const [initdb, postgres, psql] = [programOf('initdb'), programOf('postgres'), programOf('psql')];
  const data = join(dir.path, 'data');
  const o = { ...nobody, cwd: dir.path, stdio: 'pipe' as const };
  execFileSync(initdb, ['-D', data, '-U', 'root', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], o);
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', dir.path, '-F'];
  const child = spawn(postgres, args, { ...nobody, cwd: dir.path, stdio: 'ignore' });
  const sql = (text: string): Buffer =>
    execFileSync(psql, ['-h', '127.0.0.1', '-p', String(port), '-U', 'root', '-d', 'postgres', '-c', text], o);
  return serverOf(child, port, dir.remove, () => {
    sql(`CREATE USER ${user} SUPERUSER PASSWORD '${password}'`);
    for (const name of databases) sql(`CREATE DATABASE ${name} OWNER ${user}`);
  });
}

/** MariaDB in a folder of its own. */
export async function startMariadb(): Promise<DatabaseServer> {
  const dir = await serverDir();
  const port = await freePort();
  const [install, server, client] = [programOf('mariadb-install-db'), programOf('mariadbd'), programOf('mariadb')];
  const data = join(dir.path, 'data');
  const socket = join(dir.path, 'socket');
  const o = { ...nobody, cwd: dir.path, stdio: 'pipe' as const };
  const options = ['--no-defaults', `--datadir=${data}`];
  execFileSync(install, [...options, '--auth-root-authentication-method=normal', '--skip-test-db'], o);
  const args = [...options, `--port=${port}`, '--bind-address=127.0.0.1', `--socket=${socket}`];
  const child = spawn(server, args, { ...nobody, cwd: dir.path, stdio: 'ignore' });
  return serverOf(child, port, dir.remove, () => {
    const grants = databases.map((name) => `CREATE DATABASE ${name};`).join('');
    const text = `${grants} CREATE USER ${user} IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO ${user};`;
    execFileSync(client, ['--no-defaults', '-u', 'root', `--socket=${socket}`, '-e', text], o);
  });
}

/** Without the link, which may lie where only root can look. */
const programOf = (peer: Peer): string => realpathSync(findPeer(peer) as string);

async function serverDir(): Promise<Awaited<ReturnType<typeof tempDir>>> {
  const dir = await tempDir();
  await mkdir(join(dir.path, 'data'), { mode: 0o700 });
  if (nobody.uid !== undefined)
    for (const path of [dir.path, join(dir.path, 'data')]) chownSync(path, nobody.uid, nobody.gid);
  return dir;
}

/** Waits until `prepare` goes through: before the server takes connections it fails. */
async function serverOf(
  child: ChildProcess,
  port: number,
  cleanUp: () => Promise<void>,
  prepare: () => void,
): Promise<DatabaseServer> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(killer);
    await cleanUp();
  };
  for (const deadline = Date.now() + 50_000; ;) {
    try {
      prepare();
      return { port, user, password, databases, stop };
    } catch (e) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await stop();
        throw e;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
