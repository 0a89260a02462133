// Adds up the JSON reports of all vitest runs and the other checks; names what failed, prints the closing line and
// decides the exit code.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

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
  for (const { name, assertionResults, message } of report.testResults) {
    const wrong = assertionResults.filter((test) => test.status === 'failed');
    for (const { fullName, failureMessages } of wrong)
      console.log(
        `  FAILED ${relative(process.cwd(), name)} > ${fullName}\n    ${failureMessages.join('\n').split('\n')[0]}`,
      );
    if (wrong.length === 0 && message)
      console.log(`  FAILED ${relative(process.cwd(), name)}: ${message.split('\n')[0]}`);
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
