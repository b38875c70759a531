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
  if (deadline.signal.aborted) throw cancelled();
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  const giveUp = (error: StorageError): void => {
    ended.reject(error);
    controller.abort();
  };
  const onAbort = (): void => giveUp(cancelled());
  deadline.signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => giveUp(tooSlow(deadline.host, deadline.ms)), deadline.ms);
  const running = call(controller.signal);
  try {
    return await Promise.race([running, ended.promise]);
  } catch (error) {
    running.then(dispose, () => {});
    throw error;
  } finally {
    clearTimeout(timer);
    deadline.signal.removeEventListener('abort', onAbort);
  }
}

export function tooSlow(host: string, ms: number): StorageError {
  return new StorageError('Timeout', `${host} sent nothing for ${ms / 1000} s`);
}
