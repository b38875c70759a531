import { RpcError } from '@meshkeeper/grpc';
import { outcomeError, outcomeOf } from './outcome.ts';

/** How model servers say that they do not have a model: plainly, and in the words of Triton and MLServer. */
export function isLostModel({ code, details }: RpcError): boolean {
  if (code === 'UNAVAILABLE')
    return /Request for unknown model: .* (is not found|has no available versions)/.test(details);
  return code === 'NOT_FOUND' || (code === 'INVALID_ARGUMENT' && /^Model .+ not found/.test(details));
}

/** A runtime's own failure as callers receive it: its code, and its text behind the method. UNAVAILABLE is reserved for the mesh. */
export function toModelError(error: unknown, method: string): unknown {
  if (!(error instanceof RpcError) || outcomeOf(error) !== undefined) return error;
  if (error.code === 'CANCELLED' || error.code === 'DEADLINE_EXCEEDED') return error;
  const text = `${method}: ${error.code}: ${error.details}`;
  if (error.code !== 'UNAVAILABLE') return new RpcError(error.code, text, { cause: error });
  return outcomeError('runtime-unavailable', 'INTERNAL', `ModelRuntime UNAVAILABLE: ${text}`);
}
