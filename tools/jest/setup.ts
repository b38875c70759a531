/** Runs once in each process or thread of tests, before its first file. */
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { runTest } from '@meshkeeper/testing';
import { configureGlobal } from 'fast-check';
import { bind } from 'jest-each';

const isLarge = process.env['MESHKEEPER_SIZE'] === 'large';

/** How often a property is tried that does not say so itself, as those do that talk to servers. */
configureGlobal({ numRuns: isLarge ? 20_000 : 500 });

type Work = () => unknown;

const MINUTE = 60_000;
// Kept, since a test may put others in their place.
const { setTimeout, clearTimeout } = globalThis;

/** The runner keeps no time, so that a test or a hook which hangs would hang the run. */
function limitMs(): number {
  const { testPath = '' } = expect.getState();
  const minutes = testPath.endsWith('.e2e.test.ts') ? 10 : testPath.endsWith('.int.test.ts') ? 5 : 2;
  return minutes * MINUTE * (isLarge ? 10 : 1);
}

async function inTime(work: Work, ms: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`It has not ended after ${ms / 1000} s.`)), ms);
  try {
    await Promise.race([work(), late.promise]);
  } catch (error) {
    throw printable(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Every process has pipes; and ioredis, when it disconnects, a timer that runs out. */
const HARMLESS = new Set(['PipeWrap', 'TTYWrap', 'Timeout']);

/** Of the runner and of this file. */
const FRAMES_OF_OURS = /\n +at .*(\/tools\/jest\/|\/libs\/testing\/src\/|\/tinypool\/|node:internal\/).*/g;
/** Marks a fresh load of a file by the runner. */
const QUERY = /(\.test\.ts)\?\d+/g;

/** The runner prints the stack and nothing else. So an error without one, or with others inside, says in its own what it is. */
function printable(thrown: unknown): Error {
  const isPlain = thrown instanceof Error && thrown.cause === undefined && !(thrown instanceof AggregateError);
  const error = isPlain ? thrown : new Error('', { cause: thrown });
  const stack = isPlain ? (error.stack ?? error.message) : inspect(thrown);
  error.stack = stack.replace(FRAMES_OF_OURS, '').replace(QUERY, '$1');
  return error;
}

/** The last file in which a `beforeAll` failed. Its tests would fail for want of what that sets up, each perhaps after its whole limit. */
let brokenFile: string | undefined;

async function setUp(work: Work, ms: number): Promise<void> {
  try {
    await inTime(work, ms);
  } catch (error) {
    brokenFile = expect.getState().testPath;
    throw error;
  }
}

function runLimited(body: Work, ms: number): Promise<void> {
  if (brokenFile !== undefined && brokenFile === expect.getState().testPath)
    throw printable(new Error('It was not run, since a beforeAll of its file failed.'));
  return runTest(body, (work) => inTime(work, ms));
}

const limitedTest =
  (add: jest.It) =>
  (name: string, body: Work, ms = limitMs()) =>
    add(name, () => runLimited(body, ms));
const limitedHook = (add: jest.Lifecycle, run = inTime) =>
  ((work: Work, ms = limitMs()) => add(() => run(work, ms))) as jest.Lifecycle;

const withEach = (add: ReturnType<typeof limitedTest>) => Object.assign(add, { each: bind(add) });

// All that a test may use of Jest's own: `only` for a run at the desk (lint refuses it), `skip` for what a kernel cannot do.
globalThis.test = Object.assign(withEach(limitedTest(test)), {
  only: withEach(limitedTest(test.only)),
  skip: test.skip,
}) as jest.It;
globalThis.beforeAll = limitedHook(beforeAll, setUp);
globalThis.beforeEach = limitedHook(beforeEach);
globalThis.afterEach = limitedHook(afterEach);
globalThis.afterAll = limitedHook(afterAll);

if (isMainThread) {
  // The runner ends the process after its file: what is still open then was forgotten.
  process.once('SIGTERM', () => process.disconnect?.());
  process.once('disconnect', () => setTimeout(reportOpenHandles, 500).unref());
} else {
  const exit = process.exit.bind(process);
  // It would end the thread, and the runner would wait for the file for ever. Without a code Node calls it, after an uncaught error.
  process.exit = (code) => {
    if (code === undefined) exit();
    throw new Error(`process.exit(${code}) was called`);
  };
}

function reportOpenHandles(): never {
  const open = process.getActiveResourcesInfo().filter((name) => !HARMLESS.has(name));
  if (open.length > 0) process.stderr.write(`${expect.getState().testPath} leaves open: ${open.join(', ')}\n`);
  process.exit();
}
