import { raceAbort } from '@meshkeeper/async';
import { StorageError } from './storage-error.ts';

export const cancelled = (): StorageError => new StorageError('Cancelled', 'the pull was cancelled');

/**
 * One call to a storage, with a deadline. Ends when `signal` is aborted or the deadline passes even if the call itself takes
 * no notice; what it gives after that is handed to `dispose`.
 * @throws StorageError Cancelled or Timeout; else what the call threw.
 */
export async function withDeadline<T>(
  deadline: { readonly ms: number; readonly signal: AbortSignal; readonly host: string },
  call: (signal: AbortSignal) => Promise<T>,
  dispose: (late: T) => void = () => {},
): Promise<T> {
  const { ms, host } = deadline;
  if (deadline.signal.aborted) throw cancelled();
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooSlow(host, ms)), ms);
  const signal = AbortSignal.any([deadline.signal, controller.signal]);
  const running = call(signal);
  try {
    return await raceAbort(running, signal, (reason) => (reason instanceof StorageError ? reason : cancelled()));
  } catch (error) {
    controller.abort();
    running.then(dispose, () => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export function tooSlow(host: string, ms: number): StorageError {
  return new StorageError('Timeout', `${host} sent nothing for ${ms / 1000} s`);
}
