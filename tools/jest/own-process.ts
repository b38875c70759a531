import type { GlobalConfig } from 'jest';
import { createRunner, type RunTests, type Test } from 'jest-light-runner';

const LightRunner = createRunner({ runtime: 'child_process' });

/**
 * Gives each file a process of its own, for tests that start servers: nothing that a file leaves behind meets another one, and what it has
 * loaded is freed. As many files run concurrently as there are workers.
 */
export default class OwnProcessRunner {
  readonly #config: GlobalConfig;

  constructor(config: GlobalConfig) {
    this.#config = config;
  }

  runTests: RunTests = async (tests, ...listeners) => {
    // With one worker the light runner would run files in this process.
    const config = { ...this.#config, maxWorkers: 2 };
    const waiting = [...tests];
    const work = async (): Promise<void> => {
      for (let test: Test | undefined = waiting.shift(); test !== undefined; test = waiting.shift())
        await new LightRunner(config).runTests([test], ...listeners);
    };
    await Promise.all(Array.from({ length: this.#config.maxWorkers }, work));
  };
}
