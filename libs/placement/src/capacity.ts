/** Sizes are counted in units of so many bytes, as in the instance records. */
export const UNIT_BYTES = 8_192;

/** What a runtime says of itself when it starts, in units. */
export type RuntimeLimits = {
  readonly capacityUnits: number;
  /** The size that a model is taken for while nothing better is known. */
  readonly defaultUnits: number;
  /** Concurrent loads of the runtime. */
  readonly threads: number;
  readonly loadTimeoutMs: number;
};

/** Nothing weighs less than one unit: a model of no bytes still takes a place. */
export function toUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / UNIT_BYTES));
}

/**
 * Kept free of models, so that a load need not wait for the unload that makes room for it: as much as a part of the slots
 * would take, within a hundredth and a tenth of the capacity.
 */
export function unloadReserve({ capacityUnits, defaultUnits, threads }: RuntimeLimits): number {
  const wanted = Math.floor((threads * defaultUnits) / (threads <= 2 ? 2 : 4));
  return Math.min(Math.max(wanted, Math.floor(capacityUnits / 100)), Math.floor(capacityUnits / 10));
}

/** What models may take together. This is the `cap` of an instance record. */
export function effectiveCapacity(limits: RuntimeLimits): number {
  return limits.capacityUnits - unloadReserve(limits);
}

/** With less free space than this a cache counts as full: one more model, or a round of loads, may not fit. */
export function fullBelow(limits: Pick<RuntimeLimits, 'capacityUnits' | 'defaultUnits' | 'threads'>): number {
  const { capacityUnits, defaultUnits, threads } = limits;
  return Math.max(defaultUnits, Math.min(defaultUnits * threads, Math.floor(capacityUnits / 20)));
}

/** A full cache whose oldest model was used more recently than this would spend its time on loading and evicting. */
export function churnAgeMs(loadTimeoutMs: number): number {
  return 10 * Math.max(3_000, loadTimeoutMs / 3);
}
