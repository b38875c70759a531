/** Work that is done one after the other, in the order of the requests. */
export type Turns = {
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves once nothing waits or runs, later requests included. */
  settled(): Promise<void>;
};

/** `idle` is called each time that the last has ended. */
export function createTurns(idle: () => void): Turns {
  let open = 0;
  let last = Promise.resolve();
  return {
    take: async (work) => {
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      open += 1;
      await before;
      try {
        return await work();
      } finally {
        open -= 1;
        resolve();
        if (open === 0) idle();
      }
    },
    settled: async () => {
      let seen: Promise<void>;
      do {
        seen = last;
        await seen;
      } while (seen !== last);
    },
  };
}
