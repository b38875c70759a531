/** npm forwards the signal that the terminal has already sent, so one Ctrl-C arrives as two signals. */
const SAME_KEY_MS = 500;

export type Interrupt = {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
};

/** The first signal requests an orderly stop; a later second one ends the process and its children immediately. */
export function listenForInterrupt(onSecond: () => void): Interrupt {
  const abort = new AbortController();
  let first: number | undefined;
  const receive = (): void => {
    if (first === undefined) {
      first = performance.now();
      abort.abort(new Error('Stopped'));
    } else if (performance.now() - first > SAME_KEY_MS) {
      onSecond();
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, receive);
  return { signal: abort.signal };
}

/** Settles when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
