import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findPeer } from '../support/peers.ts';
import { tempDir } from '../support/servers.ts';

const rclone = findPeer('rclone');
const root = fileURLToPath(new URL('../../', import.meta.url));

test.skipIf(rclone === undefined)('the flags that parity is judged by are those of the real rclone', async () => {
  const dir = await tempDir();
  const file = join(dir.path, 'flags.json');
  const script = join(root, 'scripts/rclone-facts.mjs');
  await promisify(execFile)(process.execPath, [script, rclone as string, file]);
  const kept = await readFile(join(root, 'test/vectors/rclone-flags.json'), 'utf8');
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(kept));
  await dir.remove();
});
