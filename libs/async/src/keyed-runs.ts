const RETRY_MS = 500;

/**
 * Level-triggered runs: each key runs at most once at a time, runs again when requested during a run, and again after a
 * short wait when it failed. `run` looks at the state itself; a key carries nothing.
 */
export type KeyedRuns = { request(key: string): void; stop(): Promise<void> };

/** `limit`: concurrent runs; the other keys wait. Only for runs that end soon. */
export function createKeyedRuns(
  run: (key: string) => Promise<void>,
  onFailure: (key: string, error: unknown) => void,
  limit = Infinity,
): KeyedRuns {
  const running = new Map<string, Promise<void>>();
  const waiting = new Set<string>();
  const again = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  const request = (key: string): void => {
    if (stopped) return;
    if (running.has(key)) again.add(key);
    else if (running.size >= limit) waiting.add(key);
    else {
      waiting.delete(key);
      running.set(key, runOnce(key));
    }
  };
  const later = (key: string): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      request(key);
    }, RETRY_MS);
    timers.add(timer);
  };
  const runOnce = async (key: string): Promise<void> => {
    // Not within `request`: its caller is in the midst of a batch.
    await Promise.resolve();
    try {
      await run(key);
    } catch (error) {
      onFailure(key, error);
      later(key);
    }
    running.delete(key);
    if (again.delete(key)) waiting.add(key);
    const [next] = waiting;
    if (next === undefined) return;
    waiting.delete(next);
    request(next);
  };
  return {
    request,
    stop: async () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
