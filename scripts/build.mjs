// Builds dist/: the library as modules with types, the command line as one bundle with lazy chunks, the edge entry as one file.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
rmSync(at('dist'), { recursive: true, force: true });

execFileSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.build.json')], {
  stdio: 'inherit',
});

const common = { bundle: true, format: 'esm', target: 'es2023', logLevel: 'warning', legalComments: 'none' };

// Bundling spares the command line hundreds of small files at start, and each byte counts then; ES modules first, so that
// unused parts fall away. Names stay, for what a stack tells.
rmSync(at('dist/cli'), { recursive: true, force: true });
await build({
  ...common,
  entryPoints: [at('src/cli/bin.ts')],
  outdir: at('dist/cli'),
  platform: 'node',
  splitting: true,
  mainFields: ['module', 'main'],
  conditions: ['module'],
  minifyWhitespace: true,
  minifySyntax: true,
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
});
chmodSync(at('dist/cli/bin.js'), 0o755);

// Workers have no DOMParser, which the SDK's browser build takes for XML: its portable parser goes in instead.
const xml = dirname(fileURLToPath(import.meta.resolve('@aws-sdk/xml-builder')));
const portableXml = {
  name: 'portable-xml',
  setup(b) {
    b.onResolve({ filter: /xml-parser\.browser/ }, (args) => ({
      path: join(args.resolveDir, 'xml-parser.js'),
    }));
    b.onResolve({ filter: /\/xml-parser(\.js)?$/ }, (args) =>
      args.resolveDir.startsWith(join(xml, '..')) ? { path: join(args.resolveDir, 'xml-parser.js') } : undefined,
    );
  },
};
await build({
  ...common,
  entryPoints: [at('src/index.ts')],
  outfile: at('dist/edge.js'),
  platform: 'browser',
  conditions: ['workerd', 'worker', 'browser'],
  mainFields: ['browser', 'module', 'main'],
  plugins: [portableXml],
});
