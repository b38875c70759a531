import type { ModelStatus, ModelStatusInfo, VModelStatus, VModelStatusInfo } from '../ports/mesh.ts';
import type { Obstacle } from '../reasons/obstacle.ts';
import type { Reason } from '../reasons/reasons.ts';
import type { ModelState, ShownStatus, TransitionStatus } from './shown-status.ts';

export type Failure = {
  readonly reason: Reason;
  readonly message: string;
  /** The pod where the load failed; empty for anything else. */
  readonly location: string;
  readonly modelId: string;
  /** Epoch ms. */
  readonly time: number;
};

/** What there is to say of one model, before it takes the form of either kind's status. */
export type ModelView = {
  readonly ready: boolean;
  readonly readyModelId: string;
  readonly activeState: ModelState;
  readonly targetState: ModelState;
  readonly transition: TransitionStatus;
  readonly failedCopies: number;
  readonly totalCopies: number;
  readonly failure: Failure | undefined;
  /** Why it is not ready, where more is known than the mesh says. */
  readonly cause?: Obstacle | undefined;
};

const STATES: Readonly<Record<ModelStatus, ModelState>> = {
  NOT_FOUND: '',
  UNKNOWN: '',
  NOT_LOADED: 'Standby',
  LOADING: 'Loading',
  LOADED: 'Loaded',
  LOADING_FAILED: 'FailedToLoad',
};

const TRANSITIONS: Readonly<Record<VModelStatus, TransitionStatus>> = {
  NOT_FOUND: 'UpToDate',
  UNKNOWN: 'UpToDate',
  DEFINED: 'UpToDate',
  TRANSITIONING: 'InProgress',
  TRANSITION_FAILED: 'BlockedByFailedLoad',
};

const NO_HOME = 'There are no running instances that meet the label requirements of type ';
export const WAITING_FOR_RUNTIME = 'Waiting for supporting runtime Pod to become available';

type Decoded = { readonly state: ModelState; readonly reason: Reason | undefined; readonly message: string };

/**
 * The decision tree from the mesh's reply to what is shown, which is the original's, with two rulings: Ready is True only for a model that
 * has been loaded, and a pending target that has no home yet is still in progress.
 */
export function viewModel(reply: VModelStatusInfo, shown: ShownStatus, now: number): ModelView {
  const active = decode(reply.activeModelStatus);
  const switching = reply.targetModelId !== '' && reply.targetModelId !== reply.activeModelId;
  const target = switching ? decode(reply.targetModelStatus) : active;
  const judged = switching ? reply.targetModelStatus : reply.activeModelStatus;
  const failure = failureOf(target, judged, reply.targetModelId, shown, now);
  const activeState = active.state === '' ? shown.activeState : active.state;
  const ready = isReady(activeState, active, reply.activeModelId, shown);
  return {
    ready,
    readyModelId: ready ? reply.activeModelId : shown.readyModelId,
    activeState,
    targetState: switching ? target.state : '',
    transition: transitionOf(reply.status, target),
    ...countCopies(reply, active, switching ? target : undefined),
    failure,
  };
}

/** A loaded model is ready. One that was ready and is only out of memory stays so, since a request loads it again. */
function isReady(state: ModelState, active: Decoded, modelId: string, shown: ShownStatus): boolean {
  if (state === 'Loaded') return true;
  const wasReady = shown.ready && (shown.readyModelId === modelId || shown.readyModelId === '');
  return (
    wasReady &&
    active.reason !== 'RuntimeUnhealthy' &&
    (state === 'Standby' || (state === 'Loading' && shown.readyModelId !== ''))
  );
}

function transitionOf(status: VModelStatus, target: Decoded): TransitionStatus {
  const transition = TRANSITIONS[status];
  return transition === 'BlockedByFailedLoad' && target.state === 'Loading' ? 'InProgress' : transition;
}

function decode(info: ModelStatusInfo | undefined): Decoded {
  if (info === undefined) return { state: 'Pending', reason: undefined, message: '' };
  const state = STATES[info.status];
  const [message = ''] = info.errors;
  if (state !== 'FailedToLoad') return { state, reason: undefined, message: '' };
  if (!message.startsWith(NO_HOME)) return { state, reason: 'ModelLoadFailed', message };
  if (!message.endsWith('[_no_runtime]'))
    return { state: 'Loading', reason: 'RuntimeUnhealthy', message: WAITING_FOR_RUNTIME };
  if (message.startsWith('rt:', NO_HOME.length))
    return { state, reason: 'RuntimeNotRecognized', message: 'Specified runtime name not recognized' };
  return {
    state,
    reason: 'NoSupportingRuntime',
    message: 'No ServingRuntime supports specified model type and/or protocol',
  };
}

/** Times are whole seconds, as the API keeps them: anything finer would always look changed. */
function failureOf(
  judged: Decoded,
  info: ModelStatusInfo | undefined,
  modelId: string,
  shown: ShownStatus,
  now: number,
): Failure | undefined {
  if (judged.reason === undefined) return undefined;
  const base = { reason: judged.reason, message: judged.message, modelId };
  if (judged.reason === 'ModelLoadFailed') {
    const failed = info?.copies.find(({ status }) => status === 'LOADING_FAILED');
    return { ...base, location: failed?.location ?? '', time: wholeSeconds(failed?.time || shown.failureTime || now) };
  }
  const lasts = shown.failureReason === judged.reason && shown.failureTime > 0;
  return { ...base, location: '', time: wholeSeconds(lasts ? shown.failureTime : now) };
}

export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

function countCopies(
  reply: VModelStatusInfo,
  active: Decoded,
  target: Decoded | undefined,
): Pick<ModelView, 'failedCopies' | 'totalCopies'> {
  const counts = (decoded: Decoded | undefined): boolean =>
    decoded !== undefined && (decoded.reason === undefined || decoded.reason === 'ModelLoadFailed');
  const copies = [
    ...(counts(active) ? (reply.activeModelStatus?.copies ?? []) : []),
    ...(counts(target) ? (reply.targetModelStatus?.copies ?? []) : []),
  ];
  return {
    totalCopies: copies.length,
    failedCopies: copies.filter(({ status }) => status === 'LOADING_FAILED').length,
  };
}
