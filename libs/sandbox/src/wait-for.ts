import { setTimeout as sleep } from 'node:timers/promises';

export type WaitOptions = {
  /** Milliseconds until `waitFor` gives up. */
  readonly timeoutMs: number;
  /** What is waited for, as the end of the sentence "Waited 5 s for …". */
  readonly what: string;
  /** Milliseconds between two tries; 50 when absent. */
  readonly intervalMs?: number;
  /** Ends the wait early; its reason is thrown. */
  readonly signal?: AbortSignal;
};

/**
 * Asks `condition` again and again until it gives something other than undefined, null or false, and returns that.
 * A condition that throws counts as not yet true.
 * @throws Error naming `what`, the time and the last error of the condition, once the deadline has passed.
 */
export async function waitFor<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  options: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  let lastError: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await condition();
      if (value !== undefined && value !== null && value !== false) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) throw timeoutError(options, lastError);
    await sleep(options.intervalMs ?? 50);
  }
}

function timeoutError(options: WaitOptions, cause: unknown): Error {
  const because = cause instanceof Error ? ` (${cause.message})` : '';
  return new Error(`Waited ${options.timeoutMs / 1000} s for ${options.what}${because}`, { cause });
}
