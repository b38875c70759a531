import type { Change } from '@meshkeeper/domain';

/** A change, or only a revision that a bookmark moved to. */
export type WatchItem = { readonly to: string; readonly change: Change | undefined };

export type Batch = { readonly to: string; readonly changes: readonly Change[] };

/**
 * Groups what has arrived while the consumer was busy: an idle stream is passed on immediately, a flood in batches of `size`.
 * The source is pulled ahead by one batch at most.
 */
export async function* inBatches(
  items: AsyncGenerator<WatchItem>,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  let pending: WatchItem[] = [];
  let ended: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;
  let drained = (): void => undefined;
  const pull = async (): Promise<void> => {
    try {
      for await (const item of items) {
        pending.push(item);
        wake();
        if (pending.length >= size) await new Promise<void>((resolve) => (drained = resolve));
      }
      ended = { error: undefined };
    } catch (error) {
      ended = { error };
    }
    wake();
  };
  void pull();
  try {
    while (!signal.aborted) {
      if (pending.length === 0 && ended === undefined) await new Promise<void>((resolve) => (wake = resolve));
      const batch = pending;
      pending = [];
      drained();
      const last = batch.at(-1);
      if (last !== undefined) yield { to: last.to, changes: batch.flatMap(({ change }) => change ?? []) };
      else if (ended !== undefined) {
        if (ended.error !== undefined) throw ended.error;
        return;
      }
    }
  } finally {
    drained();
  }
}
