/** The package has no types; these are of what is used of it. */
declare module 'jest-light-runner' {
  import type { GlobalConfig } from 'jest';

  export type Test = { readonly path: string };
  export type RunTests = (tests: readonly Test[], ...listeners: unknown[]) => Promise<void>;
  export function createRunner(options: {
    readonly runtime: 'child_process';
  }): new (config: GlobalConfig) => { readonly runTests: RunTests };
}
