import pLimit from 'p-limit';

/**
 * Runs `work` on every item, at most `limit` concurrently. After a first failure no further item is started, the signal passed to the others is
 * aborted, and that failure is thrown once all have ended.
 */
export async function runLimited<T>(
  items: readonly T[],
  limit: number,
  outer: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  let failure: { readonly error: unknown } | undefined;
  const runOne = async (item: T): Promise<void> => {
    if (failure !== undefined) return;
    try {
      await work(item, signal);
    } catch (error) {
      failure ??= { error };
      failed.abort();
    }
  };
  await pLimit(limit).map(items, runOne);
  if (failure !== undefined) throw failure.error;
}
