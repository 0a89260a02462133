import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/servers.ts';

test('config redacted hides secrets, also under keys that are misspelt or of types that are not built in', async () => {
  const dir = await tempDir();
  const conf = join(dir.path, 'rclone.conf');
  writeFileSync(
    conf,
    `[a]
type = s3
provider = Cloudflare
access_key_id = SECRET1
secret_access_key = SECRET2
endpoint = https://host
sse_kms_key_id =
secret_acess_key = SECRET3
no_check_bucket = true

[b]
type = drive
token = {"access_token":"SECRET4"}
root_folder_id = folder

[c]
password = SECRET5
remote = x:
`,
  );
  const { code, stdout } = await cli(['config', 'redacted', '--config', conf]);
  await dir.remove();
  expect(code).toBe(0);
  expect(stdout).not.toContain('SECRET');
  for (const line of ['endpoint = https://host', 'sse_kms_key_id = ', 'no_check_bucket = true', 'remote = x:']) {
    expect(stdout).toContain(`${line}\n`);
  }
  expect(stdout.match(/XXX/g)).toHaveLength(5);
});
