import type { Obstacle } from '../reasons/obstacle.ts';
import type { ModelView } from '../status/model-view.ts';

/** Why a model is not ready: the reason and message of every condition that is not True. */
export function causeOf({ cause, failure, activeState }: ModelView): Obstacle {
  if (cause !== undefined) return cause;
  if (failure !== undefined) return { reason: failure.reason, message: failure.message || 'The mesh gave no message' };
  switch (activeState) {
    case 'Loading':
      return { reason: 'ModelLoading', message: 'The mesh is loading the model' };
    case 'Standby':
      return { reason: 'ModelNotLoaded', message: 'The model is registered and not loaded yet' };
    case 'Loaded':
    case 'FailedToLoad':
    case 'Pending':
    case '':
      return { reason: 'MeshUnknown', message: 'The mesh has not reported the model yet' };
  }
}
