/**
 * `npm test`: runs the checks, then every test, those that need the machine for themselves last. The last line is `N passed, N failed`.
 * With arguments only the test files whose path contains one of them run, and no checks.
 */
import { globSync } from 'node:fs';
import { runCLI } from 'jest';
import { CHECKS, runChecks } from './checks.ts';

const PROJECTS = [
  { name: 'unit', workers: 2, has: (file: string) => !/\.(int|e2e)\.test\.ts$/.test(file) },
  { name: 'integration', workers: 2, has: (file: string) => file.endsWith('.int.test.ts') },
  { name: 'e2e', workers: 1, has: (file: string) => file.endsWith('.e2e.test.ts') },
];
const counts = { passed: 0, failed: 0, skipped: 0 };
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const only = process.argv.slice(2);
/** Relative to the repository: Jest matches whole paths, including the folder above, which no user means. */
const patterns = only.map((word) => `./.*${word}`);
const isWanted = (file: string): boolean => only.length === 0 || only.some((word) => file.includes(word));
const files = globSync('{apps,examples,libs,tools}/**/*.test.ts', { exclude: (name) => name === 'node_modules' });

// Jest reports there. In one stream everything stays in its order, and in what keeps the output.
process.stderr.write = process.stdout.write.bind(process.stdout);

async function runProject(name: string, maxWorkers: number): Promise<void> {
  const options = { _: patterns, $0: 'jest', selectProjects: [name], maxWorkers };
  const { results } = await runCLI(options, [process.cwd()]);
  counts.passed += results.numPassedTests;
  // A file that cannot be loaded is a failure, too, though none of its tests ran.
  counts.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  counts.skipped += results.numPendingTests;
}

if (only.length === 0) {
  const failed = await runChecks(say);
  counts.failed += failed;
  counts.passed += CHECKS.length - failed;
}
for (const { name, workers, has } of PROJECTS)
  if (files.some((file) => isWanted(file) && has(file))) await runProject(name, workers);
say(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
