import { toUnits, UNIT_BYTES, type LoadQueue, type ModelCache, type RuntimeLimits } from '@meshkeeper/placement';
import type { RuntimeFacts } from './runtime-facts.ts';

export function ownLimits(facts: RuntimeFacts): RuntimeLimits {
  return {
    capacityUnits: Math.floor(facts.capacityBytes / UNIT_BYTES),
    defaultUnits: toUnits(facts.defaultSizeBytes),
    threads: facts.maxLoadingConcurrency,
    loadTimeoutMs: facts.loadTimeoutMs,
  };
}

/** What the instance record and the metrics report. Sizes in units of 8 KiB, and in bytes where it says so. */
export type HostSummary = {
  /** Without the unload buffer. */
  readonly capacityUnits: number;
  readonly usedUnits: number;
  readonly usedBytes: number;
  /** Epoch ms; undefined while nothing is loaded. */
  readonly oldestUse: number | undefined;
  readonly models: number;
  readonly threads: number;
  /** Loads that run or wait. */
  readonly loading: number;
};

export function summarise(cache: ModelCache, queue: LoadQueue): HostSummary {
  return {
    capacityUnits: cache.effective,
    usedUnits: cache.used,
    usedBytes: cache.used * UNIT_BYTES,
    oldestUse: cache.oldestUse,
    models: cache.size + queue.waiting,
    threads: cache.limits.threads,
    loading: queue.inProgress,
  };
}
