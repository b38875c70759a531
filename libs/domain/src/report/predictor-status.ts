import type { MeshConfig } from '../config/mesh-config.ts';
import type { JsonObject, ReducedObject } from '../objects/reduce.ts';
import type { ModelView } from '../status/model-view.ts';

/** A Predictor's status: the same facts in the older, flat form. */
export function predictorStatus(object: ReducedObject, view: ModelView, config: MeshConfig): JsonObject {
  const host = `${config.inferenceServiceName}.${object.metadata.namespace ?? ''}`;
  const { failure } = view;
  return {
    available: view.ready,
    activeModelState: view.activeState,
    targetModelState: view.targetState,
    transitionStatus: view.transition === '' ? 'UpToDate' : view.transition,
    failedCopies: view.failedCopies,
    totalCopies: view.totalCopies,
    grpcEndpoint: `grpc://${host}:${config.inferenceServicePort}`,
    ...(config.restProxy.enabled
      ? { httpEndpoint: `${config.tls.secretName === '' ? 'http' : 'https'}://${host}:${config.restProxy.port}` }
      : {}),
    ...(failure === undefined
      ? {}
      : {
          lastFailureInfo: {
            ...(failure.location === '' ? {} : { location: failure.location }),
            reason: failure.reason === 'OwnerConflict' ? 'InvalidPredictorSpec' : failure.reason,
            message: failure.message,
            ...(failure.modelId === '' ? {} : { modelId: failure.modelId }),
            time: new Date(failure.time).toISOString().replace(/\.\d+Z$/, 'Z'),
          },
        }),
  };
}
