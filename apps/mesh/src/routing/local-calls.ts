import { setTimeout as sleep } from 'node:timers/promises';
import type { Copy } from '../hosting/copy.ts';
import type { LocalCopies } from '../hosting/local-copies.ts';
import type { MeshMetrics } from '../http/metrics.ts';
import type { RuntimeFacts } from '../runtime/runtime-facts.ts';
import type { Channel } from '../wire/channel.ts';
import type { Answer } from '../wire/outgoing-call.ts';
import type { HeaderList } from '../wire/headers.ts';
import { RpcError } from '../wire/status.ts';
import { createTurns, type Turns } from './turns.ts';
import { isLostModel, toModelError } from './model-errors.ts';
import { outcomeError } from './outcome.ts';
import { spliceText } from './proto-path.ts';

/** A call for one model, as it goes to whoever holds a copy. */
export type ModelCall = {
  readonly modelId: string;
  /** As the client named it; empty when it named the model itself. */
  readonly vModelId: string;
  /** `package.Service/Method` */
  readonly method: string;
  /** The caller's own headers, without those that name models. */
  readonly headers: HeaderList;
  readonly message: Buffer;
  readonly signal: AbortSignal;
  /** On the clock of `performance.now()`. */
  readonly deadline: number | undefined;
};

export type LocalCallsOptions = {
  readonly copies: LocalCopies;
  readonly runtime: { readonly facts: RuntimeFacts; readonly data: Channel };
  readonly metrics: MeshMetrics;
  readonly now: () => number;
  /** Waits until the registry is known here up to a revision, or for a moment. */
  readonly caughtUp: (modelId: string, revision: bigint) => Promise<void>;
  readonly revisionOf: (modelId: string) => bigint;
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

const TOLD_MS = 1_000;
/** A request that had to wait longer counts as a miss, as in the original. */
const MISS_MS = 10;

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

async function loadedCopy(
  { modelId, signal }: ModelCall,
  revision: bigint,
  { copies, caughtUp, revisionOf, metrics }: LocalCallsOptions,
): Promise<Copy> {
  const held = copies.get(modelId);
  if (held?.state.kind === 'loaded') return held;
  const began = performance.now();
  await caughtUp(modelId, revision);
  const copy = await copies.expect(modelId, signal);
  if (copy === undefined) throw signal.aborted ? signal.reason : absent(modelId, revisionOf(modelId));
  if (copy.state.kind === 'coming') {
    copies.demand(copy);
    await orAborted(copy.settled, signal);
  }
  const waited = performance.now() - began;
  if (waited > MISS_MS) metrics.missed(waited);
  const { state } = copy;
  if (state.kind === 'loaded') return copy;
  if (state.kind !== 'failed') throw absent(modelId, revisionOf(modelId));
  await orAborted(toldInTime(copy), signal);
  throw outcomeError('load-failed', 'INTERNAL', state.message, revisionOf(modelId));
}

/** Until the registry says what became of the copy; with etcd away it cannot be told. */
export async function toldInTime(copy: Copy): Promise<void> {
  const late = new AbortController();
  const limit = sleep(TOLD_MS, undefined, { ref: false, signal: late.signal }).catch(() => undefined);
  await Promise.race([copy.told, limit]);
  late.abort();
}

function absent(modelId: string, revision: bigint): RpcError {
  return outcomeError('absent', 'UNAVAILABLE', `Model ${modelId} is not here`, revision);
}

/** @throws the signal's reason */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
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
    code = error instanceof RpcError ? error.code : 'INTERNAL';
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

/** The runtime is told the model, never the vmodel. */
function idHeaders(modelId: string): HeaderList {
  const binary = ['mm-model-id-bin', Buffer.from(modelId).toString('base64')];
  return VISIBLE_ASCII.test(modelId) ? [...binary, 'mm-model-id', modelId] : binary;
}

export function shortName(method: string): string {
  return method.slice(method.lastIndexOf('/') + 1);
}
