import type { Copy } from '../objects/model-copies.ts';
import { OWNER_CONFLICT_MESSAGE } from '../reasons/obstacle.ts';
import { pauseOf } from '../snapshot/paused.ts';
import type { ModelState } from '../status/shown-status.ts';
import type { PredictorSnapshot, NamedRuntime } from '../snapshot/snapshot.ts';
import { open, passed, unknown, type Detail, type Finding } from './gate.ts';
import type { SeenModel } from './seen-model.ts';
import { wordList } from './why-not.ts';

/** Whether a pod that could hold the model takes calls. */
export function podsGate(snapshot: PredictorSnapshot, serving: readonly NamedRuntime[] | undefined): Finding {
  const { endpoints, hasNoReadyRuntime, podsKnown, key } = snapshot;
  if (!podsKnown) return unknown('The Deployments are not all listed yet');
  const names = wordList((serving ?? []).map(({ name }) => name));
  if (hasNoReadyRuntime)
    return open('RuntimeUnhealthy', `Waiting for the first ready pod of ${names || 'a runtime that serves it'}`);
  if (endpoints.length === 0)
    return open('RuntimeUnhealthy', `No pod of the mesh takes calls in namespace ${key.namespace} yet`);
  return passed(names === '' ? 'A pod that can hold it is ready' : `A pod of ${names} is ready`);
}

export function registeredGate(snapshot: PredictorSnapshot, targetModelId: string): Finding {
  const { vmodel, key, meshComplete } = snapshot;
  if (!meshComplete) return unknown('The records of the mesh are not all listed yet');
  if (vmodel !== undefined && vmodel.owner !== '' && vmodel.owner !== key.owner)
    return open('OwnerConflict', OWNER_CONFLICT_MESSAGE);
  if (vmodel?.target === targetModelId) return passed(`Registered as ${targetModelId}`);
  const pause = pauseOf(snapshot);
  if (pause !== undefined) return open(pause.reason, pause.message);
  if (vmodel === undefined) return open('NotRegistered', `The mesh has no VModel ${key.name} yet`);
  return open('NotRegistered', `The mesh still has ${vmodel.target}, not ${targetModelId}`);
}

/** Whether any pod has taken the model on. */
export function loadingGate(snapshot: PredictorSnapshot, modelId: string, seen: SeenModel): Finding {
  const copies = copiesOf(snapshot, modelId);
  const details = copies.map(toDetail);
  const [copy] = copies;
  if (copy !== undefined) return passed(`A pod has taken it on: ${copyInWords(copy)}`, details);
  const state = stateOf(snapshot, modelId, seen);
  if (state === 'Loaded') return passed('It is loaded');
  if (isEvicted(state, seen, modelId)) return passed('It was loaded, and is not in memory now');
  if (state === 'Loading' && seen.failureReason === '') return passed('The mesh says that it is loading');
  if (state === 'FailedToLoad' && seen.failureReason === 'ModelLoadFailed') return passed('A pod has tried it');
  return open('ModelNotLoaded', 'It is registered, and no pod has begun to load it');
}

export function loadedGate(snapshot: PredictorSnapshot, modelId: string, seen: SeenModel): Finding {
  const state = stateOf(snapshot, modelId, seen);
  const copies = copiesOf(snapshot, modelId);
  if (state === 'Loaded' || copies.some((copy) => copy.state === 'loaded'))
    return passed('It is loaded and answers requests');
  if (isEvicted(state, seen, modelId)) return passed('It was loaded; the next request loads it again');
  if (state === 'FailedToLoad' || (copies.length > 0 && copies.every((copy) => copy.state === 'failed')))
    return open('ModelLoadFailed', failureIn(copies, seen), copies.map(toDetail));
  const held = copies.find((copy) => copy.state === 'held' || copy.state === 'loading');
  if (held !== undefined) return open('ModelLoading', `Loading on ${copyInWords(held)}`, copies.map(toDetail));
  return state === 'Loading'
    ? open('ModelLoading', 'The mesh is loading the model')
    : open('MeshUnknown', 'The mesh has not reported the model yet');
}

function failureIn(copies: readonly Copy[], { failureMessage }: SeenModel): string {
  const reported = copies.find(({ state, message }) => state === 'failed' && message !== '')?.message;
  return reported ?? (failureMessage || 'The mesh gave no message');
}

/** What was last heard of one of the two models that a VModel may be between. */
export function stateOf({ vmodel }: PredictorSnapshot, modelId: string, seen: SeenModel): ModelState {
  const isTargetOnly = vmodel !== undefined && vmodel.active !== modelId && vmodel.active !== '';
  return isTargetOnly ? seen.targetState : seen.activeState;
}

/** A model that was ready and is out of memory is loaded again by a request. */
function isEvicted(state: ModelState, { ready, readyModelId }: SeenModel, modelId: string): boolean {
  return ready && (state === 'Standby' || state === 'Loading') && (readyModelId === modelId || readyModelId === '');
}

export function copiesOf({ copies }: PredictorSnapshot, modelId: string): readonly Copy[] {
  return Object.hasOwn(copies, modelId) ? (copies[modelId] ?? []) : [];
}

function toDetail(copy: Copy): Detail {
  return {
    about: `pod …${copy.instance}`,
    says: `${stateWords(copy)}${copy.message === '' ? '' : `: ${copy.message}`}`,
  };
}

function copyInWords(copy: Copy): string {
  return `pod …${copy.instance}, ${stateWords(copy)}`;
}

function stateWords({ state, since }: Copy): string {
  const words = { held: 'held since', loading: 'loading since', loaded: 'loaded since', failed: 'failed at' };
  return `${words[state]} ${timeText(since)}`;
}

function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString();
}
