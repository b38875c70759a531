/**
 * `work`, whose callers share the run that is under way. A mesh asks for the status of its model server until it is answered in time, and
 * loads as soon as it is: what the asking empties must not go on in a run that nobody waits for any more.
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
