// Runs the scenario under Node, Deno or Bun: run-process.mjs ENTRY JSON
import { scenario } from './scenario.mjs';

const [entry, settings] = process.argv.slice(2);
console.log(JSON.stringify(await scenario(await import(entry), JSON.parse(settings))));
