import { churnAgeMs } from './capacity.ts';
import { freeUnits, isFull, mayHold, type ClusterView, type InstanceView, type ModelView } from './cluster-view.ts';

/** An instance where the model failed is left out for so long. */
export const FAILURE_EXPIRY_MS = 450_000;
/** Where so many instances failed, another would too. */
const MAX_FAILURES = 3;
/** Requests a minute from which an instance may count as busy. */
const BUSY_RPM = 100;
/** Full instances whose oldest models are nearly of an age are equally good. */
const SAME_AGE_MS = 45_000;

export type NoPlaceReason =
  /** No live instance has the labels of the type. */
  | 'no-instance-for-type'
  /** It failed everywhere it may go, or on enough instances of them. */
  | 'failed'
  /** All that may hold it have it, had it fail, or are draining. */
  | 'all-excluded'
  /** No instance could hold it even when empty. */
  | 'too-large'
  /** All are full of models that were used more recently, or only just loaded. */
  | 'no-space';

export type Placement =
  | { readonly kind: 'placed'; readonly instance: string }
  | { readonly kind: 'none'; readonly reason: NoPlaceReason };

const none = (reason: NoPlaceReason): Placement => ({ kind: 'none', reason });

/** Where a further copy of a model goes. The same view gives the same place; different models spread over equal ones. */
export function placeModel(view: ClusterView, model: ModelView, now: number): Placement {
  const allowed = view.instances.filter((instance) => mayHold(instance, view.types.requiredLabels(model.type)));
  if (allowed.length === 0) return none('no-instance-for-type');
  const failed = recentFailures(model, now);
  if (failed.size >= MAX_FAILURES) return none('failed');
  const holders = new Set(model.copies.map(({ instance }) => instance));
  const open = allowed.filter(({ id, draining }) => !draining && !holders.has(id));
  const untried = open.filter(({ id }) => !failed.has(id));
  if (untried.length === 0) return none(open.length > 0 ? 'failed' : 'all-excluded');
  const large = untried.filter(({ capacity }) => capacity >= model.units);
  if (large.length === 0) return none('too-large');
  const roomy = withRoom(large, view, model, now);
  if (roomy.length === 0) return none('no-space');
  return { kind: 'placed', instance: choose(roomy, view, model, now).id };
}

function recentFailures({ failures }: ModelView, now: number): ReadonlySet<string> {
  return new Set(failures.filter(({ at }) => now - at < FAILURE_EXPIRY_MS).map(({ instance }) => instance));
}

/** Those with free space. Only when there are none, those that would give up models that were unused for longer. */
function withRoom(
  instances: readonly InstanceView[],
  view: ClusterView,
  model: ModelView,
  now: number,
): readonly InstanceView[] {
  const fits = instances.filter((instance) => freeUnits(instance) >= model.units);
  const open = fits.filter((instance) => !isFull(instance, view));
  if (open.length > 0) return open;
  if (fits.length > 0) return fits;
  const youngest = now - churnAgeMs(view.loadTimeoutMs);
  return instances.filter(
    ({ oldestUse }) => oldestUse !== undefined && oldestUse <= model.lastUsed && oldestUse <= youngest,
  );
}

/** Each step keeps the best of what the one before left, and never leaves nothing. */
function choose(roomy: readonly InstanceView[], view: ClusterView, model: ModelView, now: number): InstanceView {
  const preferred = view.types.preferredLabels?.(model.type) ?? [];
  const steps: readonly ((left: readonly InstanceView[]) => readonly InstanceView[])[] = [
    (left) => preferring(left, ({ leaving }) => leaving !== true),
    (left) => preferring(left, ({ labels }) => preferred.some((label) => labels.includes(label))),
    (left) => awayFromCopies(left, view, model),
    (left) => lowest(left, ({ loading, threads }) => Math.floor(loading / threads)),
    (left) => nearTheBest(left, model, now),
    notBusy,
    (left) => lowest(left, ({ id }) => rank(model.id, id)),
  ];
  const left = steps.reduce<readonly InstanceView[]>((left, step) => (left.length > 1 ? step(left) : left), roomy);
  const [first, ...others] = left;
  if (first === undefined) throw new Error('A step left no instance');
  return others.reduce((best, other) => (other.id < best.id ? other : best), first);
}

function preferring<T>(all: readonly T[], isBetter: (item: T) => boolean): readonly T[] {
  const better = all.filter(isBetter);
  return better.length > 0 ? better : all;
}

function lowest(all: readonly InstanceView[], valueOf: (instance: InstanceView) => number): readonly InstanceView[] {
  const values = all.map(valueOf);
  const least = Math.min(...values);
  return all.filter((_, index) => values[index] === least);
}

/** A second copy is worth little in the zone, and less on the node, that would fail together with the first. */
function awayFromCopies(all: readonly InstanceView[], view: ClusterView, model: ModelView): readonly InstanceView[] {
  if (model.copies.length === 0) return all;
  const holders = new Set(model.copies.map(({ instance }) => instance));
  const holding = view.instances.filter(({ id, draining }) => holders.has(id) && !draining);
  const fewestInZone = lowest(all, ({ zone }) => holding.filter((holder) => holder.zone === zone).length);
  return lowest(fewestInZone, ({ node }) => holding.filter((holder) => holder.node === node).length);
}

/** With space: much of it, and few models. Without: the oldest models. */
function nearTheBest(all: readonly InstanceView[], model: ModelView, now: number): readonly InstanceView[] {
  const mostFree = Math.max(...all.map(freeUnits));
  if (mostFree < model.units) {
    const oldest = Math.min(...all.map(({ oldestUse }) => oldestUse ?? now));
    const margin = Math.max(SAME_AGE_MS, (now - oldest) / 10);
    return all.filter(({ oldestUse }) => (oldestUse ?? now) <= oldest + margin);
  }
  const free = all.filter((instance) => freeUnits(instance) >= mostFree / 4);
  const fewest = Math.min(...free.map(({ models }) => models));
  return free.filter(({ models }) => models <= fewest * 1.25);
}

function notBusy(all: readonly InstanceView[]): readonly InstanceView[] {
  const least = Math.min(...all.map(({ rpm }) => rpm));
  return all.filter(({ rpm }) => rpm < BUSY_RPM || rpm <= 2 * least);
}

/**
 * A number that looks random but is the same for the same pair: of equally good instances each model gets another one,
 * also when two instances decide at the same moment. FNV-1a, with the last bits mixed, as ids differ mostly at their end.
 */
function rank(modelId: string, instanceId: string): number {
  let hash = 0x811c9dc5;
  for (const text of [modelId, '/', instanceId]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
