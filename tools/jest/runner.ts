import type { GlobalConfig } from 'jest';
import { createRunner, type LightRunner, type Listeners, type Test } from 'jest-light-runner';

type Options = {
  /** Whether each file has a process of its own, and is not one of many in a thread. */
  readonly processEach: boolean;
  /** A file that has not ended after so long hangs, and with it the limits of its tests. */
  readonly fileMs: number;
};

const Threads = createRunner({ runtime: 'worker_threads' });
const Processes = createRunner({ runtime: 'child_process' });

/**
 * The light runner with two additions: a file that hangs is reported as a failure. And files that start servers can have a process
 * each, so that nothing that one leaves behind meets another, and what it has loaded is freed.
 */
export default class Runner {
  readonly #config: GlobalConfig;
  readonly #options: Options;

  constructor(config: GlobalConfig, _context: unknown, options: Options) {
    this.#config = config;
    this.#options = options;
  }

  async runTests(tests: readonly Test[], watcher: unknown, ...listeners: Listeners): Promise<void> {
    // With one worker the light runner would run files in this process.
    const config = { ...this.#config, maxWorkers: Math.max(this.#config.maxWorkers, 2) };
    const run = (some: readonly Test[], runner: LightRunner): Promise<void> =>
      inTime(this.#options.fileMs, listeners, (limited) => runner.runTests(some, watcher, ...limited));
    if (!this.#options.processEach) return run(tests, new Threads(config));
    const waiting = [...tests];
    const work = async (): Promise<void> => {
      for (let test = waiting.shift(); test !== undefined; test = waiting.shift())
        await run([test], new Processes(config));
    };
    await Promise.all(Array.from({ length: this.#config.maxWorkers }, work));
  }
}

/** Ends when `run` does, or with a failure of the first file that takes longer than `fileMs`. */
async function inTime(
  fileMs: number,
  [onStart, onResult, onFailure]: Listeners,
  run: (limited: Listeners) => Promise<void>,
): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timers = new Map<Test, NodeJS.Timeout>();
  /** Whether it has not ended before. */
  const ends = (test: Test): boolean => {
    clearTimeout(timers.get(test));
    return timers.delete(test);
  };
  const giveUp = async (test: Test): Promise<void> => {
    const message = `The file has not ended after ${fileMs / 1000} s.`;
    if (ends(test)) await onFailure(test, Object.assign(new Error(message), { stack: message }));
    late.resolve();
  };
  const running = run([
    (test) => {
      timers.set(
        test,
        setTimeout(() => void giveUp(test), fileMs),
      );
      return onStart(test);
    },
    async (test, result) => void (ends(test) && (await onResult(test, result))),
    async (test, error) => void (ends(test) && (await onFailure(test, error))),
  ]);
  await Promise.race([running, late.promise]);
}
