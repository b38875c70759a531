/** Runs once in each process or thread of tests, before its first file. */
import { inspect } from 'node:util';
import { runTest } from '@meshkeeper/testing';
import { configureGlobal } from 'fast-check';

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
  const minutes = testPath.endsWith('.e2e.test.ts') ? 15 : testPath.endsWith('.int.test.ts') ? 5 : 2;
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

/** The runner prints the stack, and nothing else, so that an error without one, or with others inside, says what it is in its message. */
function printable(error: unknown): Error {
  if (error instanceof Error && error.cause === undefined && !(error instanceof AggregateError)) return error;
  return new Error(inspect(error), { cause: error });
}

const limitedTest =
  (add: jest.It) =>
  (name: string, body: Work, ms = limitMs()) =>
    add(name, () => runTest(body, (work) => inTime(work, ms)));
const limitedHook = (add: jest.Lifecycle) =>
  ((work: Work, ms = limitMs()) => add(() => inTime(work, ms))) as jest.Lifecycle;

globalThis.test = Object.assign(limitedTest(test), test, { only: limitedTest(test.only) }) as jest.It;
globalThis.beforeAll = limitedHook(beforeAll);
globalThis.beforeEach = limitedHook(beforeEach);
globalThis.afterEach = limitedHook(afterEach);
globalThis.afterAll = limitedHook(afterAll);
