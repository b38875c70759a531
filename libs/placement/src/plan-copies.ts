import { mayHold, type ClusterView, type CopyView, type InstanceView, type ModelView } from './cluster-view.ts';
import { copiesForRate, isSpare, mayHaveSecond, type CopyTimes } from './copy-counts.ts';
import { placeModel, type NoPlaceReason } from './place-model.ts';
import { poolsOf, poolKey, type Pool } from './pools.ts';
import { AHEAD_FAILURES, aheadOfUse, leastNeeded, releaseBudget, SHORT_OF_SPACE } from './space-rules.ts';

export type CopiedModel = ModelView &
  CopyTimes & {
    /** A request waits for it, or it is to be kept loaded. */
    readonly wanted: boolean;
  };

export type AddReason = 'wanted' | 'ahead-of-use' | 'replaces-leaving-copy' | 'steady-use' | 'request-rate';
export type RemoveReason = 'replaced' | 'not-used' | 'less-requested';

export type CopyChange =
  | { readonly kind: 'add'; readonly model: string; readonly instance: string; readonly reason: AddReason }
  | { readonly kind: 'remove'; readonly model: string; readonly instance: string; readonly reason: RemoveReason };

export type CopyPlan = {
  readonly changes: readonly CopyChange[];
  /** Copies that are due and have no place. */
  readonly unplaced: readonly Unplaced[];
};

/** `due`: why there should be a copy; `reason`: why there is none. */
export type Unplaced = { readonly model: string; readonly due: AddReason; readonly reason: NoPlaceReason };

export type CopySettings = {
  /** Requests a minute for which one copy is enough. */
  readonly scaleUpRpm: number;
  /** Whether unloaded models are to be loaded into space that is free anyway. */
  readonly aheadOfUse: boolean;
};

export const COPY_SETTINGS: CopySettings = { scaleUpRpm: 2_000, aheadOfUse: false };

/** A copy that stays, of a model that may be where it is. */
type Live = { readonly copy: CopyView; readonly instance: InstanceView };

type Draft = {
  readonly now: number;
  readonly settings: CopySettings;
  readonly view: ClusterView & { readonly instances: Writable<InstanceView>[] };
  readonly byId: ReadonlyMap<string, Writable<InstanceView>>;
  readonly pool: (type: string) => Pool;
  readonly changes: CopyChange[];
  readonly unplaced: Unplaced[];
  /** Models without a copy that no request waits for. */
  readonly idle: CopiedModel[];
  /** Copies that could go, in pools that are short of space. */
  readonly spare: { readonly model: CopiedModel; readonly live: readonly Live[]; readonly reason: RemoveReason }[];
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Which copies are to be made and given up, each with its reason. Changes already planned count for the next, so that one
 * run does not send everything to the same place; a model with a load under way is left until that has ended.
 */
export function planCopies(
  view: ClusterView,
  models: readonly CopiedModel[],
  now: number,
  settings: CopySettings = COPY_SETTINGS,
): CopyPlan {
  const instances: Writable<InstanceView>[] = view.instances.map((instance) => ({ ...instance }));
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  const pool = poolsOf(view, now);
  const lists = { changes: [], unplaced: [], idle: [], spare: [] };
  const draft: Draft = { now, settings, view: { ...view, instances }, byId, pool, ...lists };
  for (const model of models) planModel(draft, model);
  if (settings.aheadOfUse) loadAheadOfUse(draft);
  releaseSpace(draft);
  return { changes: draft.changes, unplaced: draft.unplaced };
}

function planModel(draft: Draft, model: CopiedModel): void {
  const { live, leaving } = sortCopies(draft, model);
  if (live.length === 0) {
    if (leaving.length > 0) add(draft, model, 'replaces-leaving-copy');
    else if (model.wanted) add(draft, model, 'wanted');
    else draft.idle.push(model);
    return;
  }
  if (live.some(({ copy }) => copy.loadedAt === undefined)) return;
  for (const { instance } of leaving) remove(draft, model, instance, 'replaced');
  planCount(draft, model, live);
}

/** Copies on instances that are going away or may no longer hold the type serve on, but count as gone. */
function sortCopies({ byId, view }: Draft, model: CopiedModel): { live: readonly Live[]; leaving: readonly Live[] } {
  const labels = view.types.requiredLabels(model.type);
  const known = model.copies.flatMap((copy) => {
    const instance = byId.get(copy.instance);
    return instance === undefined ? [] : [{ copy, instance }];
  });
  const stays = ({ instance }: Live): boolean => !instance.draining && mayHold(instance, labels);
  return { live: known.filter(stays), leaving: known.filter((entry) => !stays(entry)) };
}

function planCount(draft: Draft, model: CopiedModel, live: readonly Live[]): void {
  const { now, settings } = draft;
  const pool = draft.pool(model.type);
  const forRate = copiesForRate(model.rpm, live.length, pool.instances.length, settings.scaleUpRpm);
  if (forRate > live.length) {
    let copies = model.copies;
    for (let count = live.length; count < forRate; count += 1) {
      const instance = add(draft, { ...model, copies }, 'request-rate');
      if (instance === undefined) return;
      copies = [...copies, { instance, since: now }];
    }
    return;
  }
  if (live.length === 1 && mayHaveSecond(model, pool, now)) {
    add(draft, model, 'steady-use');
    return;
  }
  const loads = live.map(({ copy }) => copy.since);
  if (pool.freeShare > SHORT_OF_SPACE || !isSpare(model, loads, pool.cacheAgeMs, settings.scaleUpRpm, now)) return;
  draft.spare.push({ model, live, reason: live.length > 2 ? 'less-requested' : 'not-used' });
}

function add(draft: Draft, model: CopiedModel, reason: AddReason): string | undefined {
  const placement = placeModel(draft.view, model, draft.now);
  if (placement.kind === 'none') {
    draft.unplaced.push({ model: model.id, due: reason, reason: placement.reason });
    return undefined;
  }
  const instance = draft.byId.get(placement.instance);
  if (instance !== undefined) {
    // Where it displaces others the instance stays as full as it was.
    instance.used = Math.min(instance.capacity, instance.used + model.units);
    instance.models += 1;
    instance.loading += 1;
  }
  draft.changes.push({ kind: 'add', model: model.id, instance: placement.instance, reason });
  return placement.instance;
}

function remove(draft: Draft, model: CopiedModel, instance: Writable<InstanceView>, reason: RemoveReason): void {
  instance.used -= model.units;
  instance.models -= 1;
  draft.changes.push({ kind: 'remove', model: model.id, instance: instance.id, reason });
}

/** The most recently used first, as far as the budget of their pool goes. */
function loadAheadOfUse(draft: Draft): void {
  const left = new Map<string, number>();
  const byUse = draft.idle.toSorted((a, b) => b.lastUsed - a.lastUsed || (a.id < b.id ? -1 : 1));
  for (const model of byUse) {
    const key = poolKey(draft.view.types, model.type);
    const { units, maxAgeMs } = aheadOfUse(draft.pool(model.type));
    const budget = left.get(key) ?? units;
    if (budget < model.units || draft.now - model.lastUsed > maxAgeMs) continue;
    if (model.failures.length >= AHEAD_FAILURES || add(draft, model, 'ahead-of-use') === undefined) continue;
    left.set(key, budget - model.units);
  }
}

/** The least recently used first, a small part of the pool at a time. */
function releaseSpace(draft: Draft): void {
  const left = new Map<string, number>();
  const byUse = draft.spare.toSorted(
    (a, b) => a.model.lastUsed - b.model.lastUsed || (a.model.id < b.model.id ? -1 : 1),
  );
  for (const { model, live, reason } of byUse) {
    const key = poolKey(draft.view.types, model.type);
    const budget = left.get(key) ?? releaseBudget(draft.pool(model.type));
    // The first may be larger than the budget, or a model that is would keep its copies for ever.
    if (left.has(key) && budget < model.units) continue;
    const instance = draft.byId.get(leastNeeded(live.map((entry) => entry.instance)));
    if (instance === undefined) continue;
    remove(draft, model, instance, reason);
    left.set(key, budget - model.units);
  }
}
