import { outcomeError } from './outcome.ts';

/** Places at a copy with a limit of concurrent calls. */
export type Turns = {
  /** Resolves with what gives the place back. @throws RpcError RESOURCE_EXHAUSTED when too many wait already; the signal's reason */
  take(signal: AbortSignal): Promise<() => void>;
};

/** As in the original: eight times as many may wait as run, and at least sixteen. */
export function createTurns(atOnce: number): Turns {
  const most = Math.max(16, 8 * atOnce);
  const waiting = new Set<() => void>();
  let running = 0;
  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  };
  return {
    take: async (signal) => {
      if (running < atOnce) {
        running += 1;
        return release;
      }
      if (waiting.size >= most) throw outcomeError('overloaded', 'RESOURCE_EXHAUSTED', 'Model queue overload');
      const turn = Promise.withResolvers<void>();
      const abort = (): void => {
        if (waiting.delete(turn.resolve)) turn.reject(signal.reason);
      };
      waiting.add(turn.resolve);
      signal.addEventListener('abort', abort, { once: true });
      await turn.promise.finally(() => signal.removeEventListener('abort', abort));
      return release;
    },
  };
}
