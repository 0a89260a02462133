import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that some suites need and that npm does not bring. `.ci/run` installs them and puts them on PATH. */
export type Peer =
  | 'rclone'
  | 'python3'
  | 'versitygw'
  | 'weed'
  | 'python-boto3'
  | 's5cmd'
  | 'workerd'
  | 'deno'
  | 'bun'
  | 'node20'
  | 'node22'
  | 'node24'
  | 'node26'
  | 'clients-python'
  | 'django-rclone-source'
  | 'rclone-js'
  | 'duplicity'
  | 'initdb'
  | 'postgres'
  | 'pg_dump'
  | 'psql'
  | 'mariadb-install-db'
  | 'mariadbd'
  | 'mariadb'
  | 'mysqldump';

/**
 * Path of a peer: from `TSCLONE_PEER_<NAME>`, else PATH, else undefined after one line that says what is skipped. With
 * CI=true a missing peer is an error: CI must not be green because it tested nothing.
 */
export function findPeer(name: Peer): string | undefined {
  const named = process.env[`TSCLONE_PEER_${name.toUpperCase().replaceAll('-', '_')}`];
  if (named) return named;
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(dir, name);
    if (dir !== '' && existsSync(path)) return path;
  }
  if (process.env['CI'] === 'true') throw new Error(`CI: ${name} is missing; scripts/peers.sh installs it`);
  if (!reported.has(name)) {
    reported.add(name);
    process.stderr.write(`skipped: tests that need ${name} (not on PATH; scripts/peers.sh installs it)\n`);
  }
  return undefined;
}

const reported = new Set<string>();
