import { CallError } from '@meshkeeper/domain';
import { isFailureCode, RpcError, toRpcError } from '@meshkeeper/grpc';

/** The codes with which a call of etcd ends when etcd cannot be reached, or does not answer. */
const UNREACHABLE = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'UNKNOWN']);

/** A failure as clients receive it: our own refusals unchanged, failures of etcd as UNAVAILABLE, unexpected ones as INTERNAL. */
export function toClientError(error: unknown): RpcError {
  if (!(error instanceof CallError)) return toRpcError(error);
  const { code = 'UNAVAILABLE', message } = error;
  if (UNREACHABLE.has(code)) return new RpcError('UNAVAILABLE', `etcd cannot be reached: ${message}`, { cause: error });
  return new RpcError(isFailureCode(code) ? code : 'INTERNAL', message, { cause: error });
}
