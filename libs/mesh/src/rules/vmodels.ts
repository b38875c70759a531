import type { ModelInfo } from '@meshkeeper/domain';
import type { ModelRecord, VModelRecord } from '@meshkeeper/modelmesh';
import { hasInfo, initialLastUsed, newModelRecord } from './model-record.ts';

/** Pure decisions on a vmodel and the models it names: all that one call changes, in the order in which it is written. */

export type RecordChange =
  | { readonly table: 'vmodels'; readonly id: string; readonly record: VModelRecord | undefined }
  | { readonly table: 'registry'; readonly id: string; readonly record: ModelRecord | undefined };

export type RefusalCode = 'INVALID_ARGUMENT' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'FAILED_PRECONDITION';

export type VModelDecision =
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'changed';
      readonly changes: readonly RecordChange[];
      /** The active model changed while the former one was loaded: requests come already, so load the new one. */
      readonly loadActive: boolean;
    };

export type SetVModel = {
  readonly vModelId: string;
  readonly targetModelId: string;
  readonly updateOnly: boolean;
  readonly modelInfo: ModelInfo | undefined;
  readonly autoDeleteTargetModel: boolean;
  readonly loadNow: boolean;
  readonly force: boolean;
  readonly expectedTargetModelId: string;
  readonly owner: string;
};

/** The records as they were read, and what is known of the copies of the models they name. */
export type VModelSnapshot = {
  readonly now: number;
  readonly defaultOwner: string;
  readonly vmodel: VModelRecord | undefined;
  model(id: string): ModelRecord | undefined;
  liveCopies(id: string): number;
  isLoaded(id: string): boolean;
};

type Refused = Extract<VModelDecision, { kind: 'refused' }>;

function refused(code: RefusalCode, message: string): Refused {
  return { kind: 'refused', code, message };
}

export function decideSetVModel(request: SetVModel, snapshot: VModelSnapshot): VModelDecision {
  const refusal = refuseRequest(request) ?? refuseExisting(request, snapshot.vmodel) ?? refuseTarget(request, snapshot);
  if (refusal !== undefined) return refusal;
  const { vmodel } = snapshot;
  if (vmodel === undefined) return createVModel(request, snapshot);
  const { targetModelId: target } = request;
  if (vmodel.tmid === target) {
    if (snapshot.model(target) === undefined) return recreateTarget(request, snapshot);
    if (vmodel.amid === target || !request.force) return { kind: 'unchanged' };
    return switchTo(request, snapshot, vmodel, []);
  }
  if (vmodel.amid === target) return rollBack(request, snapshot, vmodel);
  return retarget(request, snapshot, vmodel);
}

function refuseRequest({ vModelId, targetModelId, modelInfo }: SetVModel): Refused | undefined {
  if (vModelId === '') return refused('INVALID_ARGUMENT', 'Must provide vModelId');
  if (targetModelId === '') return refused('INVALID_ARGUMENT', `Must provide target modelId for vmodel ${vModelId}`);
  if (modelInfo?.type === '') return refused('INVALID_ARGUMENT', 'Must provide non-empty model type string');
  return undefined;
}

function refuseExisting(request: SetVModel, vmodel: VModelRecord | undefined): Refused | undefined {
  const { vModelId, targetModelId, expectedTargetModelId: expected, owner } = request;
  if (vmodel === undefined) {
    if (request.updateOnly) return refused('NOT_FOUND', `vmodel ${vModelId} not found`);
    if (expected === '' || expected === targetModelId) return undefined;
    return refused('FAILED_PRECONDITION', `vmodel ${vModelId} not found`);
  }
  if (owner !== '' && owner !== vmodel.o) {
    // A record without owner says "null", as the original does.
    return refused('ALREADY_EXISTS', `vmodel ${vModelId} already exists with different owner "${vmodel.o || 'null'}"`);
  }
  if (expected === '' || vmodel.tmid === expected || vmodel.tmid === targetModelId) return undefined;
  return refused('FAILED_PRECONDITION', `Existing target model ${vmodel.tmid} does not match expected ${expected}`);
}

function refuseTarget({ targetModelId, modelInfo }: SetVModel, snapshot: VModelSnapshot): Refused | undefined {
  const record = snapshot.model(targetModelId);
  if (record === undefined) {
    return modelInfo === undefined ? refused('NOT_FOUND', `Target model ${targetModelId} not found`) : undefined;
  }
  if (modelInfo === undefined || hasInfo(record, modelInfo)) return undefined;
  return refused('ALREADY_EXISTS', `Target model ${targetModelId} already exists with different attribute values`);
}

/** The target with one more reference; made from the request when it is new. A model that exists keeps its autoDel. */
function acquireTarget(request: SetVModel, snapshot: VModelSnapshot, lastUsed?: bigint): RecordChange {
  const id = request.targetModelId;
  const lu = lastUsed ?? initialLastUsed(snapshot.now, request.loadNow);
  const given = request.modelInfo ?? { type: '', path: '', key: '' };
  const existing = snapshot.model(id);
  const record = existing ?? newModelRecord(given, { autoDel: request.autoDeleteTargetModel, lu });
  const used = lastUsed === undefined ? record : { ...record, lu: lastUsed };
  return { table: 'registry', id, record: { ...used, refs: record.refs + 1 } };
}

/** One reference less; the last one takes an autoDel model with it. */
function release(id: string, snapshot: VModelSnapshot): readonly RecordChange[] {
  const record = snapshot.model(id);
  if (record === undefined) return [];
  const refs = Math.max(0, record.refs - 1);
  return [{ table: 'registry', id, record: refs === 0 && record.autoDel ? undefined : { ...record, refs } }];
}

function createVModel(request: SetVModel, snapshot: VModelSnapshot): VModelDecision {
  const { vModelId: id, targetModelId: target } = request;
  const record: VModelRecord = {
    o: request.owner || snapshot.defaultOwner,
    amid: target,
    tmid: target,
    failed: false,
    extra: {},
  };
  return {
    kind: 'changed',
    changes: [{ table: 'vmodels', id, record }, acquireTarget(request, snapshot)],
    loadActive: false,
  };
}

/** The target's record was removed: it is created again, so that repeating the call repairs the vmodel. */
function recreateTarget(request: SetVModel, snapshot: VModelSnapshot): VModelDecision {
  return { kind: 'changed', changes: [acquireTarget(request, snapshot)], loadActive: false };
}

function rollBack(request: SetVModel, snapshot: VModelSnapshot, vmodel: VModelRecord): VModelDecision {
  const record = { ...vmodel, tmid: vmodel.amid, failed: false };
  const changes: readonly RecordChange[] = [
    { table: 'vmodels', id: request.vModelId, record },
    ...release(vmodel.tmid, snapshot),
  ];
  return { kind: 'changed', changes, loadActive: false };
}

function retarget(request: SetVModel, snapshot: VModelSnapshot, vmodel: VModelRecord): VModelDecision {
  const { targetModelId: target, vModelId: id } = request;
  const activeLastUsed = snapshot.model(vmodel.amid)?.lu ?? 0n;
  const acquired = acquireTarget(request, snapshot, activeLastUsed > 0n ? activeLastUsed : undefined);
  const abandoned = vmodel.tmid === vmodel.amid ? [] : release(vmodel.tmid, snapshot);
  const copies = snapshot.liveCopies(vmodel.amid);
  if (request.force || copies === 0 || (copies === 1 && snapshot.isLoaded(target))) {
    return switchTo(request, snapshot, vmodel, [acquired, ...abandoned]);
  }
  const record = { ...vmodel, tmid: target, failed: false };
  return { kind: 'changed', changes: [{ table: 'vmodels', id, record }, acquired, ...abandoned], loadActive: false };
}

function switchTo(
  request: SetVModel,
  snapshot: VModelSnapshot,
  vmodel: VModelRecord,
  models: readonly RecordChange[],
): VModelDecision {
  const target = request.targetModelId;
  const record = { ...vmodel, amid: target, tmid: target, failed: false };
  const vmodelChange: RecordChange = { table: 'vmodels', id: request.vModelId, record };
  const loadActive = snapshot.liveCopies(vmodel.amid) > 0;
  return { kind: 'changed', changes: [vmodelChange, ...models, ...release(vmodel.amid, snapshot)], loadActive };
}

/** The end of a transition. */
export function completeTransition(
  id: string,
  vmodel: VModelRecord,
  snapshot: VModelSnapshot,
): readonly RecordChange[] {
  const record = { ...vmodel, amid: vmodel.tmid, failed: false };
  return [{ table: 'vmodels', id, record }, ...release(vmodel.amid, snapshot)];
}

/** Absence and another owner change nothing. Models first, the vmodel last, as the original writes them. */
export function decideDeleteVModel(id: string, owner: string, snapshot: VModelSnapshot): readonly RecordChange[] {
  const { vmodel } = snapshot;
  if (vmodel === undefined || (owner !== '' && owner !== vmodel.o)) return [];
  const named = [...new Set([vmodel.amid, vmodel.tmid])];
  return [...named.flatMap((model) => release(model, snapshot)), { table: 'vmodels', id, record: undefined }];
}
