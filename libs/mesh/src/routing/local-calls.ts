import type { Copy } from '../hosting/copy.ts';
import type { RuntimeFacts } from '../rules/runtime-facts.ts';
import { RpcError, toRpcError, type Answer, type Channel, type HeaderList } from '@meshkeeper/grpc';
import type { ModelCall } from './model-call.ts';
import { absent, loadedCopy, type AwaitOptions } from './await-copy.ts';
import { createTurns, type Turns } from './turns.ts';
import { spliceText } from './proto-path.ts';
import { outcomeError, outcomeOf } from './outcome.ts';

export type LocalCallsOptions = AwaitOptions & {
  readonly runtime: { readonly facts: RuntimeFacts; readonly data: Channel };
  readonly now: () => number;
  /** The runtime does not answer at all. */
  readonly runtimeLost: () => void;
};

export type LocalCalls = {
  /** Calls that the runtime has now. */
  inFlight(): number;
  /**
   * Answers from the copy of this instance, waiting for its load if one is under way. `revision` is that of the record by which it should
   * be here. @throws RpcError, with an outcome where another instance may do better
   */
  serve(call: ModelCall, revision: bigint): Promise<Answer>;
};

export function createLocalCalls(options: LocalCallsOptions): LocalCalls {
  const state = { inFlight: 0 };
  const turns = new WeakMap<Copy, Turns>();
  const { limitModelConcurrency } = options.runtime.facts;
  const turnsOf = (copy: Copy): Turns | undefined => {
    if (!limitModelConcurrency || copy.maxConcurrency <= 0) return undefined;
    const known = turns.get(copy) ?? createTurns(copy.maxConcurrency);
    turns.set(copy, known);
    return known;
  };
  return {
    inFlight: () => state.inFlight,
    serve: async (call, revision) => {
      requirePermitted(call, options.runtime.facts);
      for (let reloads = 0; ; reloads += 1) {
        const copy = await loadedCopy(call, revision, options);
        try {
          return await invoke(call, copy, options, state, turnsOf(copy));
        } catch (error) {
          // Once a request: a server that says NOT_FOUND for a reason of its own must not be made to load again and again.
          if (reloads > 0 || !(error instanceof RpcError) || !isLostModel(error))
            throw toModelError(error, call.method);
          options.copies.lost(copy);
        }
      }
    },
  };
}

function requirePermitted({ method }: ModelCall, { methods, allowAnyMethod }: RuntimeFacts): void {
  const isOpen = allowAnyMethod || methods.size === 0;
  if (!method.startsWith('mmesh.ModelRuntime/') && (isOpen || methods.has(method))) return;
  const text = `${method}: UNIMPLEMENTED: Method not found or not permitted: ${method}`;
  throw new RpcError('UNIMPLEMENTED', text);
}

async function invoke(
  call: ModelCall,
  copy: Copy,
  { runtime, metrics, now, copies, runtimeLost }: LocalCallsOptions,
  state: { inFlight: number },
  turns: Turns | undefined,
): Promise<Answer> {
  const { method, modelId, vModelId, signal, deadline } = call;
  const message = withId(call, runtime.facts);
  copy.called(now());
  copies.host.touch(modelId, copy.lastUsed);
  state.inFlight += 1;
  let code = 'OK';
  let began = performance.now();
  let release: (() => void) | undefined;
  try {
    if (turns !== undefined) {
      release = await turns.take(signal);
      metrics.queued(performance.now() - began);
      began = performance.now();
    }
    const timeoutMs = deadline === undefined ? undefined : Math.max(0, deadline - began);
    const headers = [...call.headers, ...idHeaders(modelId)];
    return await runtime.data.call({ path: `/${method}`, headers, message, signal, timeoutMs });
  } catch (error) {
    code = toRpcError(error).code;
    if (error instanceof RpcError && error.lost && error.code === 'UNAVAILABLE') {
      runtimeLost();
      throw absent(modelId, 0n);
    }
    throw error;
  } finally {
    metrics.invoked({ method: shortName(method), code, modelId, vModelId }, performance.now() - began);
    state.inFlight -= 1;
    copy.ended();
    release?.();
  }
}

function withId({ message, method, modelId }: ModelCall, { methods }: RuntimeFacts): Buffer {
  const path = methods.get(method);
  if (path === undefined || path.length === 0) return message;
  try {
    return spliceText(message, path, modelId);
  } catch (error) {
    throw new RpcError('INVALID_ARGUMENT', `${method}: the request is no protobuf message`, { cause: error });
  }
}

const VISIBLE_ASCII = /^[!-~]+$/;

/** The runtime receives the model's id, never the vmodel's. */
function idHeaders(modelId: string): HeaderList {
  const binary = ['mm-model-id-bin', Buffer.from(modelId).toString('base64')];
  return VISIBLE_ASCII.test(modelId) ? [...binary, 'mm-model-id', modelId] : binary;
}

export function shortName(method: string): string {
  return method.slice(method.lastIndexOf('/') + 1);
}

/** How model servers say that they do not have a model: plainly, and in the words of Triton and MLServer. */
function isLostModel({ code, details }: RpcError): boolean {
  if (code === 'UNAVAILABLE')
    return /Request for unknown model: .* (is not found|has no available versions)/.test(details);
  return code === 'NOT_FOUND' || (code === 'INVALID_ARGUMENT' && /^Model .+ not found/.test(details));
}

/** A runtime's own failure as callers receive it: its code, and its text behind the method. UNAVAILABLE is reserved for the mesh. */
function toModelError(error: unknown, method: string): unknown {
  if (!(error instanceof RpcError) || outcomeOf(error) !== undefined) return error;
  if (error.code === 'CANCELLED' || error.code === 'DEADLINE_EXCEEDED') return error;
  const text = `${method}: ${error.code}: ${error.details}`;
  if (error.code !== 'UNAVAILABLE') return new RpcError(error.code, text, { cause: error });
  return outcomeError('runtime-unavailable', 'INTERNAL', `ModelRuntime UNAVAILABLE: ${text}`);
}
