import { binaryValuesOf, type Reply, RpcError, type ServerCall } from '@meshkeeper/grpc';
import { passedOn } from './data-plane.ts';
import { answerHealth, HEALTH_CHECK } from '../server/health.ts';
import type { LocalCalls } from './local-calls.ts';
import { revisionIn } from './outcome.ts';
import { MODEL_HEADER } from './router.ts';
import { toClientError } from '../server/client-error.ts';

/** What other instances ask: calls for models that the registry names this one for, and whether it answers at all. Throws RpcError. */
export function createPeerService(local: LocalCalls): (call: ServerCall) => Promise<Reply> {
  return async (call) => {
    if (call.path === HEALTH_CHECK) return answerHealth(true);
    const modelId = binaryValuesOf(call.headers, MODEL_HEADER)[0]?.toString();
    if (modelId === undefined) throw new RpcError('INVALID_ARGUMENT', 'This port takes calls of other instances only');
    const modelCall = {
      modelId,
      vModelId: '',
      method: call.path.slice(1),
      headers: passedOn(call.headers),
      message: call.message,
      get signal() {
        return call.signal;
      },
      deadline: call.deadline,
    };
    try {
      return await local.serve(modelCall, revisionIn(call.headers));
    } catch (error) {
      throw toClientError(error);
    }
  };
}
