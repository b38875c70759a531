/**
 * Settles like `promise`, or rejects as soon as `signal` aborts: with `toError(reason)`, by default the reason itself. The promise itself is not cancelled.
 * A signal may outlive many calls, so no listener stays behind.
 */
export async function raceAbort<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  toError: (reason: unknown) => unknown = (reason) => reason,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(toError(signal.reason));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    // A promise that loses the race may reject later, with no handler attached.
    promise.catch(() => undefined);
  }
}
