import { setTimeout as delay } from 'node:timers/promises';
import type { DueKeys, RunLedger } from '@meshkeeper/domain';

export type SweeperOptions = {
  readonly ledger: RunLedger;
  readonly queue: DueKeys;
  /** Marks what interrupted recordings still owe. */
  readonly expandPatterns: (use: (keys: readonly string[]) => Promise<void>) => Promise<void>;
  readonly observer: { swept(keys: number): void; failed(error: unknown): void };
  readonly everyMs?: number;
};

/** Finds, within two seconds, what a process left that died between marking a key and queueing it. */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const done = sweepUntil(options, stopping.signal);
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await done;
    },
  };
}

async function sweepUntil(options: SweeperOptions, signal: AbortSignal): Promise<void> {
  const { ledger, queue, expandPatterns, observer, everyMs = 1_000 } = options;
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await expandPatterns((keys) => queue.enqueue(keys));
      const keys = await ledger.sweep();
      if (keys.length > 0) observer.swept(keys.length);
      await queue.enqueue(keys);
    } catch (error) {
      observer.failed(error);
    }
  }
}
