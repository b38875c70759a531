/** The package has no types; these are of what is used of it. */
declare module 'jest-light-runner' {
  import type { GlobalConfig } from 'jest';

  export type Test = { readonly path: string };
  export type Listeners = [
    onStart: (test: Test) => Promise<void>,
    onResult: (test: Test, result: unknown) => Promise<void>,
    onFailure: (test: Test, error: Error) => Promise<void>,
  ];
  export type LightRunner = {
    runTests(tests: readonly Test[], watcher: unknown, ...listeners: Listeners): Promise<void>;
  };
  export function createRunner(options: {
    readonly runtime: 'child_process' | 'worker_threads';
  }): new (config: GlobalConfig) => LightRunner;
}
