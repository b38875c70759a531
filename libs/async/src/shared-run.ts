/**
 * `work`, whose concurrent callers share one run. The mesh polls its model server's status until it is answered in time, and then loads
 * immediately: a poll that was given up must not clear the server in a run of its own afterwards.
 */
export function sharedRun<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
