// Adds up the JSON reports of all vitest runs and the other checks; prints the closing line and decides the exit code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, passedSteps, failedSteps] = process.argv.slice(2);
let passed = Number(passedSteps);
let failed = Number(failedSteps);
let skipped = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests;
  console.log(
    `${file}: ${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped`,
  );
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
