import type { CallError } from '../reasons/call-error.ts';
import { DEFAULT_CONFIG } from '../config/mesh-config.ts';
import { RETRY_FAILED_LOAD_MS } from '../plan/plan-predictor.ts';
import { OWNER_CONFLICT_MESSAGE, WAITING, type Obstacle } from '../reasons/obstacle.ts';
import { wantedOf } from '../snapshot/wanted-model.ts';
import { copiesOf } from '../gates/mesh-gates.ts';
import { preciseCause } from '../gates/precise-cause.ts';
import { STORAGE_REASONS } from '../gates/storage-gate.ts';
import type { Memory } from '../snapshot/memory.ts';
import type { Outcome, Plan } from '../plan/step.ts';
import type { VModelStatusInfo } from '../ports/mesh.ts';
import type { Reason } from '../reasons/reasons.ts';
import type { JsonObject } from '../objects/reduce.ts';
import { configOf, type PredictorSnapshot } from '../snapshot/snapshot.ts';
import { inferenceServiceStatus } from './inference-service-status.ts';
import { viewModel, wholeSeconds, type ModelView } from '../status/model-view.ts';
import { predictorStatus } from './predictor-status.ts';
import { NOTHING_TO_REPORT, type Report } from './report.ts';
import { readShown, type ShownStatus } from '../status/shown-status.ts';
import { transitionEvents } from './transition-events.ts';

/** What to say of a model after a run, and when to look again. */
export function reportPredictor(
  snapshot: PredictorSnapshot,
  plan: Plan,
  outcomes: readonly Outcome[],
  now: number,
): Report {
  const { object, key } = snapshot;
  const failed = outcomes.find((outcome) => outcome.kind === 'failed')?.error;
  const wanted = object === undefined ? undefined : wantedOf(snapshot, object);
  if (object === undefined || wanted === undefined || wanted.kind === 'ignored')
    return reportRemoval(snapshot, plan, failed);
  const shown = readShown(key.owner, object.body);
  const reply = outcomes.findLast((outcome) => outcome.kind === 'done')?.reply;
  const modelId = wanted.kind === 'model' ? wanted.registration.targetModelId : '';
  const obstacle = plan.obstacle ?? (failed && obstacleOf(failed));
  if (obstacle === undefined && reply === undefined) return { ...NOTHING_TO_REPORT, error: failed };
  const seen =
    obstacle === undefined && reply !== undefined
      ? viewModel(reply, shown, now)
      : viewObstacle(obstacle ?? NO_NEWS, shown, modelId, now);
  const view = { ...seen, cause: preciseCause(snapshot, seen) };
  return {
    status: toStatus(snapshot, view, now),
    events: transitionEvents(shown, view),
    lookAgainMs: obstacle === undefined ? lookAgain(snapshot, view, reply, now) : undefined,
    reason: view.cause?.reason ?? view.failure?.reason ?? (view.ready ? 'Ready' : 'ModelLoading'),
    gone: false,
    memory: memoryAfter(snapshot, view),
    error: failed !== undefined && obstacle === undefined ? failed : retryOf(failed),
  };
}

/** What Events reported while it was paused no longer holds. */
function memoryAfter({ memory }: PredictorSnapshot, { cause }: ModelView): Memory | undefined {
  const lackedStorage = cause !== undefined && STORAGE_REASONS.includes(cause.reason);
  if (memory.emittedEvents === undefined && lackedStorage === (memory.lackedStorage ?? false)) return undefined;
  return lackedStorage ? { lackedStorage } : {};
}

const NO_NEWS: Obstacle = { reason: 'MeshUnknown', message: 'The mesh has not reported the model yet' };

/** An obstacle that a change will end needs no retry of its own; a mesh that does not answer does. */
function retryOf(failed: CallError | undefined): CallError | undefined {
  return failed?.kind === 'Transient' ? failed : undefined;
}

function reportRemoval(snapshot: PredictorSnapshot, plan: Plan, failed: CallError | undefined): Report {
  const settled =
    failed === undefined && plan.obstacle === undefined && snapshot.objectsComplete && snapshot.meshComplete;
  const reason: Reason | 'UpToDate' = plan.steps.length > 0 ? 'Unregistered' : 'UpToDate';
  return { ...NOTHING_TO_REPORT, reason, gone: settled && snapshot.object === undefined, error: failed };
}

/** Failures of a mesh call that an object's status explains. */
function obstacleOf(error: CallError): Obstacle | undefined {
  if (error.code === 'NO_ENDPOINTS') return WAITING;
  return error.code === 'ALREADY_EXISTS' ? { reason: 'OwnerConflict', message: OWNER_CONFLICT_MESSAGE } : undefined;
}

/** What is shown while nothing can be asked of the mesh. A spec that is wrong leaves the old model as it was. */
function viewObstacle(obstacle: Obstacle, shown: ShownStatus, modelId: string, now: number): ModelView {
  const invalid = obstacle.reason === 'InvalidPredictorSpec' || obstacle.reason === 'OwnerConflict';
  const lasts =
    shown.failureReason === obstacle.reason && shown.failureMessage === obstacle.message && shown.failureTime > 0;
  return {
    ready: obstacle.reason === 'InvalidPredictorSpec' && shown.ready,
    readyModelId: shown.readyModelId,
    activeState: shown.activeState,
    targetState: shown.targetState,
    transition: invalid
      ? 'InvalidSpec'
      : shown.transition === '' || shown.transition === 'InvalidSpec'
        ? 'UpToDate'
        : shown.transition,
    failedCopies: 0,
    totalCopies: 0,
    failure: { ...obstacle, location: '', modelId, time: wholeSeconds(lasts ? shown.failureTime : now) },
  };
}

function toStatus(snapshot: PredictorSnapshot, view: ModelView, now: number): JsonObject | undefined {
  if (snapshot.object === undefined) return undefined;
  const config = configOf(snapshot) ?? DEFAULT_CONFIG;
  return snapshot.key.owner === 'isvc'
    ? inferenceServiceStatus(snapshot.object.body, view, config, now)
    : predictorStatus(snapshot.object.body, view, config);
}

const SHORTEST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 5_000;
const FIRST_LOOK_MS = 250;

/** Where the mesh writes when a load ends, that wakes the key; a pod that dies in between writes nothing. */
const WATCHED_LOOK_MS = 30_000;

/**
 * The original's records do not show that a load has ended, so while one runs its status is polled: after a tenth of the time it has run, so that
 * short loads are seen immediately and long ones cost little. A failed load is tried again much later.
 */
function lookAgain(
  snapshot: PredictorSnapshot,
  view: ModelView,
  reply: VModelStatusInfo | undefined,
  now: number,
): number | undefined {
  const loading = view.targetState === 'Loading' || view.activeState === 'Loading' || view.transition === 'InProgress';
  if (view.failure?.reason === 'ModelLoadFailed' && !loading) return RETRY_FAILED_LOAD_MS;
  if (view.failure !== undefined) return snapshot.hasNoReadyRuntime ? undefined : untilTheMeshKnows(view.failure, now);
  if (!loading) return view.ready ? undefined : FIRST_LOOK_MS * 4;
  if (willBeNotified(snapshot, reply)) return WATCHED_LOOK_MS;
  const copies = [...(reply?.targetModelStatus?.copies ?? []), ...(reply?.activeModelStatus?.copies ?? [])];
  const startedAt = Math.max(0, ...copies.filter(({ status }) => status !== 'LOADING_FAILED').map(({ time }) => time));
  if (startedAt === 0) return FIRST_LOOK_MS;
  return Math.round(Math.min(Math.max((now - startedAt) / 10, SHORTEST_LOOK_MS), LONGEST_LOOK_MS));
}

/** The record of a loading model will report each copy. If the record already shows it loaded, it is polled: the answer was older. */
function willBeNotified(snapshot: PredictorSnapshot, reply: VModelStatusInfo | undefined): boolean {
  const switching = reply?.targetModelStatus !== undefined;
  const modelId = (switching ? reply.targetModelId : reply?.activeModelId) ?? '';
  const copies = copiesOf(snapshot, modelId).filter(({ state }) => state !== 'failed');
  return copies.length > 0 && copies.every(({ state }) => state === 'loading');
}

/**
 * A pod that could hold the model is ready, but the mesh does not know it yet: the type constraints reach running pods only when
 * their nodes look at the ConfigMap again, which may take more than a minute.
 */
function untilTheMeshKnows({ time }: { readonly time: number }, now: number): number {
  return Math.min(Math.max((now - time) / 10, FIRST_LOOK_MS), 2 * LONGEST_LOOK_MS);
}
