/** Why a payload did not arrive: the queue was full, or no receiver accepted it. */
export type Loss = 'full' | 'failed';

export type PayloadQueueOptions<T> = {
  /** May throw: the item is lost then, and the next one's turn comes. */
  readonly deliver: (item: T) => Promise<void>;
  readonly sizeOf: (item: T) => number;
  readonly capacity: number;
  readonly maxBytes: number;
  /** Concurrent deliveries. */
  readonly threads: number;
  readonly lost: (why: Loss, error?: unknown) => void;
};

export type PayloadQueue<T> = {
  offer(item: T): void;
  /** Resolves when nothing waits and nothing is on its way. */
  idle(): Promise<void>;
};

/** A bounded queue for items that may be lost but must not delay the sender. */
export function createPayloadQueue<T>(options: PayloadQueueOptions<T>): PayloadQueue<T> {
  const { deliver, sizeOf, capacity, maxBytes, threads, lost } = options;
  const waiting: T[] = [];
  let [running, bytes] = [0, 0];
  let idle = Promise.withResolvers<void>();
  idle.resolve();

  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await deliver(item).catch((error: unknown) => lost('failed', error));
      bytes -= sizeOf(item);
    }
    running -= 1;
    if (running === 0) idle.resolve();
  };
  return {
    offer: (item) => {
      const size = sizeOf(item);
      if (waiting.length >= capacity || bytes + size > maxBytes) return lost('full');
      waiting.push(item);
      bytes += size;
      if (running >= threads) return;
      if (running === 0) idle = Promise.withResolvers();
      running += 1;
      void work();
    },
    idle: () => idle.promise,
  };
}
