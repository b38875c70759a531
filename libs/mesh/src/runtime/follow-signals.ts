/**
 * Aborts `follower` when one of the signals does, until the function that it gives is called. AbortSignal.any would leave its traces in a
 * signal that lives as long as the process.
 */
export function followSignals(follower: AbortController, signals: readonly AbortSignal[]): () => void {
  const abort = (): void => follower.abort();
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  }
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
}
