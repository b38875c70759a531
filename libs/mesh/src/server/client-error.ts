import { CallError } from '@meshkeeper/domain';
import { isFailureCode, RpcError, toRpcError } from '@meshkeeper/grpc';

/** The codes with which a call of etcd ends when etcd cannot be reached, or does not answer. */
const UNREACHABLE = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'UNKNOWN']);

/** What a caller is told of a failure: our own refusals as they are, trouble with etcd as UNAVAILABLE, what nobody expected as INTERNAL. */
export function toldFailure(error: unknown): RpcError {
  if (!(error instanceof CallError)) return toRpcError(error);
  const { code = 'UNAVAILABLE', message } = error;
  if (UNREACHABLE.has(code)) return new RpcError('UNAVAILABLE', `etcd cannot be reached: ${message}`, { cause: error });
  return new RpcError(isFailureCode(code) ? code : 'INTERNAL', message, { cause: error });
}
