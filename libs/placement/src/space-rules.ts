import { freeUnits, type InstanceView } from './cluster-view.ts';
import type { Pool } from './pools.ts';

/** With less of a pool free than this, further copies are given up. */
export const SHORT_OF_SPACE = 0.05;
/** Given up at most in one run. */
const RELEASED_AT_ONCE = 0.05;
/** Never filled ahead of use: reserved for models that are requested. */
const RESERVED = 0.125;
/** In a full pool, this much is exchanged per pass for models that were used more recently. */
const EXCHANGED_AT_ONCE = 0.05;
/** A model that failed this often is not retried before it is requested. */
export const AHEAD_FAILURES = 2;

/** What may be loaded ahead of use, of models that were used not longer ago than `maxAgeMs`. */
export type AheadOfUse = { readonly units: number; readonly maxAgeMs: number };

/**
 * Half of what is free above the reserve, so that each run leaves room for what the last one did not foresee. A full pool
 * takes only what was used far more recently than what it gives up: what goes then is never among what would come next.
 */
export function aheadOfUse({ capacity, freeShare, cacheAgeMs }: Pool): AheadOfUse {
  const free = Math.floor((freeShare - RESERVED) * capacity * 0.5);
  if (free > 0) return { units: free, maxAgeMs: Number.POSITIVE_INFINITY };
  return { units: Math.floor(capacity * EXCHANGED_AT_ONCE), maxAgeMs: cacheAgeMs / 2 };
}

export function releaseBudget({ capacity }: Pool): number {
  return Math.floor(capacity * RELEASED_AT_ONCE);
}

/**
 * Of several holders the one that needs the space most: of full ones that which evicts what was used most recently, since its copy would
 * be the next to go; else the least free, then the busiest, then the lowest id.
 */
export function leastNeeded(holders: readonly InstanceView[]): string {
  const pressure = (holder: InstanceView): number =>
    freeUnits(holder) < holder.capacity * SHORT_OF_SPACE ? (holder.oldestUse ?? 0) : 0;
  const worst = holders.toSorted(
    (a, b) => pressure(b) - pressure(a) || freeUnits(a) - freeUnits(b) || b.rpm - a.rpm || (a.id < b.id ? -1 : 1),
  );
  return worst[0]?.id ?? '';
}
