/**
 * Loaded before each test file: how often its properties are tried, unless they say so themselves, as those do that talk to servers, and
 * those that are cheap enough for more. Few files have any, and only they pay for fast-check.
 */
import { readFileSync } from 'node:fs';

const RUNS = process.env['MESHKEEPER_SIZE'] === 'large' ? 20_000 : 500;

const [, file = ''] = process.argv;
if (file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes("'fast-check'")) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ numRuns: RUNS });
}
