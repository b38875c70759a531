import { wantedOf } from '../snapshot/wanted-model.ts';
import type { Registration } from '../registration/predictor-spec.ts';
import { STORAGE_REASONS, storageGate } from '../gates/storage-gate.ts';
import { readShown, type ShownStatus } from '../status/shown-status.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { ownerOfModel } from '../changes/record-to-keys.ts';
import { OWNER_CONFLICT_MESSAGE, WAITING } from '../reasons/obstacle.ts';
import { planOf, type Plan, type Step } from './step.ts';

/** A failed load is requested again after this time, unless something changes before. */
export const RETRY_FAILED_LOAD_MS = 5 * 60_000;

/** From an InferenceService or Predictor to its registration in the mesh. */
export function planPredictor(snapshot: PredictorSnapshot, now: number): Plan {
  const { object, objectsComplete, meshComplete, namespaceEnabled } = snapshot;
  if (!objectsComplete || !meshComplete || namespaceEnabled === undefined) return planOf(snapshot);
  const wanted = object === undefined ? ({ kind: 'ignored' } as const) : wantedOf(snapshot, object);
  if (wanted.kind === 'ignored') return planRemoval(snapshot);
  if (wanted.kind === 'invalid')
    return planOf(snapshot, { obstacle: { reason: 'InvalidPredictorSpec', message: wanted.message } });
  if (!namespaceEnabled) {
    const message = `Namespace ${snapshot.key.namespace} is not enabled for ModelMesh`;
    return planOf(snapshot, { obstacle: { reason: 'NamespaceNotEnabled', message } });
  }
  if (snapshot.endpoints.length === 0) return planOf(snapshot, { obstacle: WAITING });
  return planRegistration(snapshot, wanted.registration, now);
}

function planRegistration(snapshot: PredictorSnapshot, wanted: Registration, now: number): Plan {
  const { key, vmodel } = snapshot;
  if (vmodel !== undefined && vmodel.owner !== '' && vmodel.owner !== key.owner) {
    return planOf(snapshot, { obstacle: { reason: 'OwnerConflict', message: OWNER_CONFLICT_MESSAGE } });
  }
  const ref = { vModelId: key.name, owner: key.owner };
  if (vmodel?.target === wanted.targetModelId && !wantsLoad(snapshot, wanted, now)) {
    return planOf(snapshot, { steps: [{ kind: 'getVModelStatus', ref }] });
  }
  const step: Step = {
    kind: 'setVModel',
    request: {
      ...ref,
      targetModelId: wanted.targetModelId,
      modelInfo: wanted.modelInfo,
      loadNow: true,
      autoDeleteTargetModel: true,
      expectedTargetModelId: vmodel?.target ?? '',
    },
    reason: vmodel?.target === wanted.targetModelId ? 'Reloaded' : 'Registered',
  };
  return planOf(snapshot, { steps: [step] });
}

/**
 * The load of a registered model is requested again while nothing loads it: it was never ready, waits for a runtime, or failed some time ago.
 * One that is loading or loaded, or was ready and is only evicted, is left alone.
 */
function wantsLoad(snapshot: PredictorSnapshot, wanted: Registration, now: number): boolean {
  const { key, object, vmodel, hasNoReadyRuntime } = snapshot;
  // The mesh then reports which of its reasons it is, and the status shows it.
  if (hasNoReadyRuntime) return true;
  const shown = readShown(key.owner, object?.body);
  const failed = shown.activeState === 'FailedToLoad' || vmodel?.failed === true;
  if (failed && shown.failureReason === 'ModelLoadFailed')
    return hasItsStorageNow(snapshot, wanted, shown) || now - shown.failureTime >= RETRY_FAILED_LOAD_MS;
  if (shown.activeState === 'Loading' && shown.failureReason !== 'RuntimeUnhealthy') return false;
  return !shown.ready && shown.activeState !== 'Loaded';
}

/** A load that failed for want of an entry or a claim is tried again when that has come. */
function hasItsStorageNow(
  snapshot: PredictorSnapshot,
  { modelInfo }: Registration,
  { readyReason }: ShownStatus,
): boolean {
  const lackedStorage = STORAGE_REASONS.includes(readyReason) || snapshot.memory.lackedStorage === true;
  return lackedStorage && storageGate(snapshot, modelInfo.key, undefined).state === 'passed';
}

/** Deletes only our own VModel, only from complete sources, and only if the live object is really unwanted (laws 4 and 13). */
function planRemoval(snapshot: PredictorSnapshot): Plan {
  const { key, vmodel, endpoints } = snapshot;
  if (vmodel === undefined || vmodel.owner !== key.owner) return planOf(snapshot);
  const target = ownerOfModel(vmodel.target);
  if (target?.name !== key.name || target.owner !== key.owner) return planOf(snapshot);
  if (endpoints.length === 0) return planOf(snapshot, { obstacle: WAITING });
  const kind = key.owner === 'isvc' ? 'inferenceServices' : 'predictors';
  return planOf(snapshot, {
    steps: [
      { kind: 'requireUnwanted', target: { kind, namespace: key.namespace, name: key.name }, reason: 'Unregistered' },
      { kind: 'deleteVModel', ref: { vModelId: key.name, owner: key.owner }, reason: 'Unregistered' },
    ],
  });
}
