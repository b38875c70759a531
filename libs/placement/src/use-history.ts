/** After this pause, a use starts a new period. */
export const LONGEST_GAP_MS = 2_400_000;
/** Use over less than this is a burst that one copy can bear. */
const STEADY_AFTER_MS = 420_000;
/** Used within the last minute is used now. */
const NOW_MS = 60_000;

/** Since when a model is used without a long gap, and when last. */
export type UseHistory = { readonly began: number; readonly last: number };

export function noteUse(history: UseHistory | undefined, now: number): UseHistory {
  if (history === undefined || now - history.last > LONGEST_GAP_MS) return { began: now, last: now };
  return now <= history.last ? history : { began: history.began, last: now };
}

/**
 * Used now, and at least once some minutes before. How often in between does not matter: a model in use all the time is
 * the one that most deserves a second copy.
 */
export function isInSteadyUse(history: UseHistory | undefined, now: number): boolean {
  return history !== undefined && now - history.last <= NOW_MS && history.last - history.began >= STEADY_AFTER_MS;
}
