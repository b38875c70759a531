import { ServerError, Status } from 'nice-grpc-common';
import { raceAbort } from '@meshkeeper/async';

/** Loads and unloads of one model go one after the other, in the order in which they came; different models do not wait for each other. */
export type ModelTurns = {
  /**
   * Runs `work` when all that came before it for the id is done. A caller that gives up while waiting is answered immediately, and its
   * work is left out. @throws ServerError when too many wait, or the caller gave up
   */
  take<T>(id: string, kind: 'load' | 'unload', signal: AbortSignal, work: () => Promise<T>): Promise<T>;
};

/** As many as the original lets wait for one model. */
const MOST_WAITING = 25;

export function createModelTurns(): ModelTurns {
  const queues = new Map<string, { length: number; last: Promise<unknown> }>();
  return {
    take: async (id, kind, signal, work) => {
      const queue = queues.get(id) ?? { length: 0, last: Promise.resolve() };
      if (queue.length > MOST_WAITING)
        throw new ServerError(Status.RESOURCE_EXHAUSTED, `Unable to send ${kind} model request`);
      queues.set(id, queue);
      queue.length += 1;
      const run = () => (signal.aborted ? Promise.reject(cancelled()) : work());
      const done = queue.last.then(run, run).finally(() => {
        queue.length -= 1;
        if (queue.length === 0) queues.delete(id);
      });
      queue.last = done.catch(() => undefined);
      return raceAbort(done, signal, cancelled);
    },
  };
}

function cancelled(): ServerError {
  return new ServerError(Status.CANCELLED, 'Context cancelled while waiting for response');
}
