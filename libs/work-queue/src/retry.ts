import { exponentialDelay } from '@meshkeeper/async';
import { CallError, classifyError } from '@meshkeeper/domain';

/** What becomes of a key after a failed run: nothing is ever dropped, only the pause differs. */
export type Retry = {
  readonly delayMs: number;
  /** Failed too often in a row: shown among the dead letters, and tried on at the cap. */
  readonly dead: boolean;
};

export type RetryPolicy = {
  readonly baseMs: number;
  readonly capMs: number;
  /** The pause after an error that will recur until something is changed; that change wakes the key anyway. */
  readonly terminalMs: number;
  /** Failures in a row from which a key counts as dead. */
  readonly deadAfter: number;
};

export const RETRY_POLICY: RetryPolicy = { baseMs: 100, capMs: 30_000, terminalMs: 300_000, deadAfter: 10 };

/**
 * The one switch from the class of an error to a retry. Both numbers count this failure too: `failures` are all in a row, `streak`
 * those since the key was last marked. A mark resets it, so the key is tried immediately, and often again.
 */
export function retryFor(error: unknown, streak: number, failures: number, policy: RetryPolicy = RETRY_POLICY): Retry {
  const kind = classifyError(error);
  const dead = failures >= policy.deadAfter;
  const backOff = exponentialDelay(streak, { firstMs: policy.baseMs, longestMs: policy.capMs });
  switch (kind) {
    case 'Conflict':
    case 'Gone':
      // The world has moved: look again soon, but do not spin against a writer who never stops.
      return { delayMs: streak <= 1 ? 10 : backOff, dead };
    case 'Transient':
      return { delayMs: Math.max(backOff, retryAfter(error)), dead };
    case 'Terminal':
      return { delayMs: policy.terminalMs, dead };
  }
}

function retryAfter(error: unknown): number {
  return error instanceof CallError ? (error.retryAfterMs ?? 0) : 0;
}
