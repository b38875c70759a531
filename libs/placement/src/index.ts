/**
 * The pure part of the mesh: what an instance keeps in memory, which load is next, where a model goes, and how many copies it
 * has. Nothing here knows the clock, chance, etcd or a model server; a time is an argument. Instances that see the same
 * records decide the same, and a decision can be repeated to see why it was made. The README has the rules in a table.
 */
export type { Admission, Arrival, CacheEntry, Eviction, Refusal } from './cache-entry.ts';
export { ModelCache } from './cache.ts';
export { effectiveCapacity, toUnits, UNIT_BYTES, type RuntimeLimits } from './capacity.ts';
export type { ClusterView, CopyView, InstanceView, ModelView, TypeRules } from './cluster-view.ts';
export { LoadQueue, type LoadCause, type QueuedLoad } from './load-queue.ts';
export { FAILURE_EXPIRY_MS, placeModel, type NoPlaceReason, type Placement } from './place-model.ts';
export {
  COPY_SETTINGS,
  planCopies,
  type AddReason,
  type CopiedModel,
  type CopyChange,
  type CopyPlan,
  type CopySettings,
  type RemoveReason,
  type Unplaced,
} from './plan-copies.ts';
export { SizePrediction, type KnownSizes, type PredictedSize } from './size-prediction.ts';
export { startLoads, type LoadStart } from './start-loads.ts';
export { isInSteadyUse, noteUse, type UseHistory } from './use-history.ts';
