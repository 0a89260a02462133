import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { version } from '../../../src/core/version.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const exec = promisify(execFile);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

test('every TypeScript example compiles', async () => {
  const folder = join(root, 'scratch/examples');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let count = 0;
  for (const page of pages) {
    for (const [, code = ''] of textOf(page).matchAll(/^ *```ts\n([\s\S]*?)^ *```/gm)) {
      const name = `${page.replaceAll(/\W/g, '-')}-${++count}.ts`;
      await writeFile(join(folder, name), `${code}\nexport {};\n`);
    }
  }
  expect(count).toBeGreaterThan(8);
  const paths = { tsclone: ['../../src/index.ts'], 'tsclone/node': ['../../src/node/index.ts'] };
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { noEmit: true, paths, noUnusedLocals: false, noPropertyAccessFromIndexSignature: false },
    include: ['*.ts'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const done = await exec(process.execPath, [tsc, '-p', folder]).catch((e: { stdout: string }) => e);
  expect(done.stdout).toBe('');
}, 180_000);

test('links within the docs lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(resolve(root, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('every variable that the code reads is on the page of the environment', () => {
  const page = textOf('docs/reference/environment.md');
  const read = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      [...textOf(join('src', name)).matchAll(/\benv\??\.?\['([A-Z][A-Z_\d]+)'\]/g)].map((m) => m[1] as string),
    );
  expect(read.length).toBeGreaterThan(20);
  // PATH is the system's, the other one is set and not read.
  const own = ['PATH', 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'];
  expect(read.filter((name) => !page.includes(`\`${name}\``) && !own.includes(name))).toEqual([]);
});

test('the generated pages are current', async () => {
  const done = await exec(process.execPath, [join(root, 'scripts/docs.mjs'), '--check']).catch(
    (e: { stderr: string }) => e,
  );
  expect(done.stderr).toBe('');
}, 180_000);

test('the version is that of the package', () => {
  expect(version).toBe((JSON.parse(textOf('package.json')) as { version: string }).version);
});

test('the page of R2 answers every question up to the advanced ones, in their order', () => {
  const recording = textOf('test/differential/recordings/r2-recipe.txt');
  const page = textOf('docs/start/cloudflare-r2.md');
  const asked = recording.split('Edit advanced config?')[0]?.matchAll(/^(\S+)> /gm) ?? [];
  const answered = page.split('_Edit advanced config?_')[0]?.matchAll(/^ *\| `(\S+)>`/gm) ?? [];
  expect([...answered].map((m) => m[1])).toEqual([...asked].map((m) => m[1]));
});
