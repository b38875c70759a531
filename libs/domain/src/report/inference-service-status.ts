import type { MeshConfig } from '../config/mesh-config.ts';
import { asObject, type Json, type JsonObject, type ReducedObject } from '../objects/reduce.ts';
import type { ModelView } from '../status/model-view.ts';
import { causeOf } from './cause.ts';
import { PAUSED_CONDITION } from './report-paused.ts';

type Condition = { readonly type: string; readonly status: string; readonly [field: string]: Json };

const OURS = ['PredictorReady', 'Ready'];

/** An InferenceService's status for what there is to say: the original's fields, and what Kubernetes expects of any status today. */
export function inferenceServiceStatus(
  object: ReducedObject,
  view: ModelView,
  config: MeshConfig,
  now: number,
): JsonObject {
  const urls = view.ready ? urlsOf(object.metadata.namespace ?? '', config) : {};
  return {
    observedGeneration: object.metadata.generation,
    ...(urls.url === undefined ? {} : { url: urls.url }),
    components: {
      predictor: { ...urls, ...(view.readyModelId === '' ? {} : { latestReadyRevision: view.readyModelId }) },
    },
    conditions: conditionsOf(object, view, now),
    modelStatus: modelStatusOf(view),
  };
}

function urlsOf(
  namespace: string,
  config: MeshConfig,
): { readonly url?: string; readonly grpcUrl?: string; readonly restUrl?: string } {
  const host = `${config.inferenceServiceName}.${namespace}`;
  const grpc = `grpc://${host}:${config.inferenceServicePort}`;
  const scheme = config.tls.secretName === '' ? 'http' : 'https';
  const rest = config.restProxy.enabled ? { restUrl: `${scheme}://${host}:${config.restProxy.port}` } : {};
  return { url: grpc, grpcUrl: grpc, ...rest };
}

/** Conditions of other owners stay. The time of a transition stays while the condition's status does. */
function conditionsOf(object: ReducedObject, view: ModelView, now: number): readonly Condition[] {
  const given = object.status?.['conditions'];
  const before = Array.isArray(given) ? (given.map(asObject) as unknown as readonly Condition[]) : [];
  const status = view.ready ? 'True' : 'False';
  const { reason, message } = causeOf(view);
  const ours = OURS.map((type): Condition => {
    const old = before.find((condition) => condition.type === type);
    const lastTransitionTime =
      old?.status === status ? old['lastTransitionTime'] : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
    return { type, status, ...(view.ready ? {} : { reason, message }), lastTransitionTime };
  });
  const others = before.filter(({ type }) => ![...OURS, PAUSED_CONDITION].includes(type));
  return [...others, ...ours].sort((a, b) => (a.type < b.type ? -1 : 1));
}

function modelStatusOf(view: ModelView): JsonObject {
  const { failure } = view;
  return {
    transitionStatus: view.transition,
    states: { activeModelState: view.activeState, targetModelState: view.targetState },
    copies: { failedCopies: view.failedCopies, ...(view.totalCopies === 0 ? {} : { totalCopies: view.totalCopies }) },
    ...(failure === undefined
      ? {}
      : {
          lastFailureInfo: {
            ...(failure.location === '' ? {} : { location: failure.location }),
            reason: failure.reason === 'OwnerConflict' ? 'InvalidPredictorSpec' : failure.reason,
            message: failure.message,
            ...(failure.modelId === '' ? {} : { modelRevisionName: failure.modelId }),
            time: new Date(failure.time).toISOString().replace(/\.\d+Z$/, 'Z'),
          },
        }),
  };
}
