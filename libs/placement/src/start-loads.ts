import type { Arrival, Eviction, Refusal } from './cache-entry.ts';
import type { ModelCache } from './cache.ts';
import type { LoadQueue } from './load-queue.ts';

export type LoadStart =
  | { readonly kind: 'begin'; readonly id: string; readonly evicted: readonly Eviction[] }
  | { readonly kind: 'wait'; readonly id: string; readonly evicted: readonly Eviction[] }
  | { readonly kind: 'refused'; readonly id: string; readonly reason: Refusal };

/**
 * Gives free slots to waiting loads, and each its place in the cache. Sizes are requested only here, when a load starts:
 * by then the loads before it have taught what models of its type weigh.
 */
export function startLoads(
  queue: LoadQueue,
  cache: ModelCache,
  describe: (id: string) => Omit<Arrival, 'id'>,
  now: number,
): readonly LoadStart[] {
  const starts: LoadStart[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    const { id } = next;
    const admission = cache.admit({ id, ...describe(id) }, now);
    // What stands behind it must not slip past, or a large model would wait for ever.
    if (admission.kind === 'later') break;
    if (admission.kind === 'refused') queue.end(id);
    else queue.start(id);
    starts.push({ ...admission, id });
  }
  return starts;
}
