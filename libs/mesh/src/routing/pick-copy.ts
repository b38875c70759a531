/** A copy that a request may go to. */
export type ReachableCopy = {
  readonly iid: string;
  readonly isLocal: boolean;
  /** Loaded, by the registry or by what this instance has; else it is being loaded. */
  readonly isLoaded: boolean;
  /** When it was assigned. */
  readonly since: number;
  /** Calls that this instance has under way there. */
  readonly inFlight: number;
  /** When this instance last called it, epoch ms; 0 for never. */
  readonly lastCalled: number;
};

/**
 * Loaded copies first: the one with the fewest calls under way, of equal ones the local one, then the one called the longest ago. While none is
 * loaded, the earliest assignment. `preferLocal`: the caller balances already.
 */
export function pickCopy(copies: readonly ReachableCopy[], preferLocal: boolean): ReachableCopy | undefined {
  const loaded = copies.filter(({ isLoaded }) => isLoaded);
  const [first, ...others] = loaded.length > 0 ? loaded : copies;
  if (first === undefined) return undefined;
  if (loaded.length === 0) return others.reduce((best, copy) => (copy.since < best.since ? copy : best), first);
  const local = preferLocal ? loaded.find(({ isLocal }) => isLocal) : undefined;
  return local ?? others.reduce((best, copy) => (isBetter(copy, best) ? copy : best), first);
}

function isBetter(copy: ReachableCopy, best: ReachableCopy): boolean {
  if (copy.inFlight !== best.inFlight) return copy.inFlight < best.inFlight;
  if (copy.isLocal !== best.isLocal) return copy.isLocal;
  return copy.lastCalled < best.lastCalled;
}
