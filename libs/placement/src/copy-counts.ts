import type { Pool } from './pools.ts';
import { isInSteadyUse, LONGEST_GAP_MS, type UseHistory } from './use-history.ts';

/** With more of the pool in use than this a second copy displaces others' only copies … */
const NEARLY_FULL = 0.1;
/** … which is right only if those were not used for so long: three times the longest pause of a steady use. */
const OLD_ENOUGH_MS = 3 * LONGEST_GAP_MS;
/** What was decided on a copy stands so long, or a use that goes up and down makes and unmakes it. */
const KEEP_MS = 1_800_000;
/** One copy at a time is given up, and then it is seen how the others bear it. */
const BETWEEN_UNLOADS_MS = 80_000;
/** What those that stay may have of the rate at which a copy is added. */
const RELAXED = 2 / 3;
/** A second copy goes when the model was unused for this share of the time that one lasts in the cache … */
const UNUSED_SHARE = 0.1;
/** … but at most after so long. A use that earned the copy never ends before the longest gap has passed. */
const UNUSED_MOST_MS = 36_000_000;

export type CopyTimes = {
  readonly lastUsed: number;
  readonly use?: UseHistory | undefined;
  /** Requests a minute, over all copies. */
  readonly rpm: number;
  /** When one of its copies was last given up. */
  readonly lastUnload?: number | undefined;
};

/** How many copies a request rate needs. Beyond two, one model may take a third of the instances. */
export function copiesForRate(rpm: number, copies: number, instances: number, scaleUpRpm: number): number {
  if (rpm < copies * scaleUpRpm) return copies;
  const most = Math.max(2, Math.floor(instances / 3));
  return Math.max(copies, Math.min(Math.floor(rpm / scaleUpRpm) + 1, most));
}

export function mayHaveSecond(model: CopyTimes, pool: Pool, now: number): boolean {
  if (pool.instances.length < 2 || !isInSteadyUse(model.use, now)) return false;
  if (now - (model.lastUnload ?? 0) < KEEP_MS) return false;
  return pool.freeShare > NEARLY_FULL || pool.cacheAgeMs > OLD_ENOUGH_MS;
}

/** Whether one copy can go when space is short. `loads` has the time at which each was assigned. */
export function isSpare(
  model: CopyTimes,
  loads: readonly number[],
  cacheAgeMs: number,
  scaleUpRpm: number,
  now: number,
): boolean {
  if (loads.length < 2 || now - Math.max(...loads) < KEEP_MS) return false;
  if (loads.length === 2) {
    const unused = Math.max(LONGEST_GAP_MS, Math.min(UNUSED_SHARE * cacheAgeMs, UNUSED_MOST_MS));
    return now - model.lastUsed > unused;
  }
  if (now - (model.lastUnload ?? 0) < BETWEEN_UNLOADS_MS) return false;
  return model.rpm / (loads.length - 1) <= RELAXED * scaleUpRpm;
}
