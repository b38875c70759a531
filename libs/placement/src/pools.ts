import { freeUnits, mayHold, type ClusterView, type InstanceView, type TypeRules } from './cluster-view.ts';

/**
 * The instances that one kind of model may be on. Space is judged for each pool by itself: that another runtime's pods are
 * empty does not help.
 */
export type Pool = {
  readonly instances: readonly InstanceView[];
  readonly capacity: number;
  readonly freeShare: number;
  /** Age of the model that would go next; infinite while nothing is held. */
  readonly cacheAgeMs: number;
};

function makePool(instances: readonly InstanceView[], now: number): Pool {
  const capacity = instances.reduce((sum, instance) => sum + instance.capacity, 0);
  const free = instances.reduce((sum, instance) => sum + freeUnits(instance), 0);
  const oldest = Math.min(...instances.map(({ oldestUse }) => oldestUse ?? now));
  const holdsAny = instances.some(({ oldestUse }) => oldestUse !== undefined);
  return {
    instances,
    capacity,
    freeShare: capacity === 0 ? 0 : free / capacity,
    cacheAgeMs: holdsAny ? now - oldest : Number.POSITIVE_INFINITY,
  };
}

/** The pool of a type, each made once. Draining instances are in none. */
export function poolsOf(view: ClusterView, now: number): (type: string) => Pool {
  const pools = new Map<string, Pool>();
  const staying = view.instances.filter(({ draining }) => !draining);
  return (type) => {
    const labels = view.types.requiredLabels(type);
    const key = poolKey(view.types, type);
    const known = pools.get(key);
    if (known !== undefined) return known;
    const pool = makePool(
      staying.filter((instance) => mayHold(instance, labels)),
      now,
    );
    pools.set(key, pool);
    return pool;
  };
}

/** Types with the same labels share a pool. */
export function poolKey(types: TypeRules, type: string): string {
  return [...types.requiredLabels(type)].sort().join(',');
}
