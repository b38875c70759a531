/**
 * `npm test`: sets up what the tests need, then runs the checks and every test. The last line is `N passed, N failed`.
 * With arguments only the test files whose path contains one of them run, and no checks.
 */
import { globSync } from 'node:fs';
import { spec } from 'node:test/reporters';
import { run } from 'node:test';
import { controlPlaneBinaries, ensureMlserver, ensureObjectStores, ensureRedis } from '@meshkeeper/sandbox';
import { CHECKS, runChecks } from './checks.ts';

type Counts = { passed: number; failed: number; skipped: number };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** A file that starts servers has it in its name; such files share the machine with nothing else. */
const isHeavy = (file: string): boolean => file.endsWith('.e2e.test.ts');
const isMedium = (file: string): boolean => file.endsWith('.int.test.ts');
const PROPERTY_RUNS = import.meta.resolve('./property-runs.ts');
/** A whole end-to-end file may take this long. */
const FILE_TIMEOUT_MS = 15 * 60_000;

async function runFiles(files: readonly string[], concurrency: number, counts: Counts): Promise<void> {
  if (files.length === 0) return;
  const stream = run({
    files: [...files],
    concurrency,
    timeout: FILE_TIMEOUT_MS,
    execArgv: ['--disable-warning=ExperimentalWarning', `--import=${PROPERTY_RUNS}`],
  });
  stream.on('test:pass', ({ details, skip, todo }) => {
    if (details.type === 'suite') return;
    if (skip !== undefined || todo !== undefined) counts.skipped += 1;
    else counts.passed += 1;
  });
  stream.on('test:fail', ({ details }) => {
    if (details.type !== 'suite') counts.failed += 1;
  });
  for await (const line of stream.compose(new spec())) process.stdout.write(line as string);
}

const only = process.argv.slice(2);
const files = globSync('{apps,libs,tools,examples}/**/*.test.ts', { exclude: (name) => name === 'node_modules' })
  .filter((file) => only.length === 0 || only.some((part) => file.includes(part)))
  .sort();
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
const servers = files.some((file) => isHeavy(file) || isMedium(file));
if (servers) await Promise.all([ensureRedis(), controlPlaneBinaries(), ensureObjectStores(), ensureMlserver()]);
if (only.length === 0) {
  const failed = await runChecks(say);
  counts.failed += failed;
  counts.passed += CHECKS.length - failed;
}
await runFiles(
  files.filter((file) => !isHeavy(file) && !isMedium(file)),
  2,
  counts,
);
await runFiles(files.filter(isMedium), 2, counts);
await runFiles(files.filter(isHeavy), 1, counts);
say(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
