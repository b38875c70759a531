import { createChannel, createClient, type Client } from 'nice-grpc';
import { CallError } from '@meshkeeper/domain';
import { ModelRuntimeDefinition, type RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import { toCallError } from '@meshkeeper/grpc/typed';
import { followSignals } from './follow-signals.ts';
import { loadCancelled, loadFailure, loadTimedOut } from './load-failure.ts';
import type { LoadedModel, RuntimeModel } from './model-runtime.ts';

/** The calls of one management endpoint, each with its limit in milliseconds. All throw CallError. */
export type RuntimeCalls = {
  readonly address: string;
  status(limitMs: number, signal: AbortSignal): Promise<RuntimeStatusResponse>;
  load(model: RuntimeModel, limitMs: number, signal: AbortSignal): Promise<LoadedModel>;
  /** Without a limit. What is not there counts as unloaded. */
  unload(id: string, signal: AbortSignal): Promise<void>;
  /** Bytes. */
  size(id: string, limitMs: number, signal: AbortSignal): Promise<number>;
  predictSize(model: RuntimeModel, limitMs: number, signal: AbortSignal): Promise<number>;
  close(): void;
};

const CHANNEL_OPTIONS = {
  // The server may start after us: found soon after, or the mesh waits for nothing.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 250,
  // A load has no deadline: only this detects a server that has vanished.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
};

export function openRuntimeCalls(address: string): RuntimeCalls {
  const channel = createChannel(address, undefined, CHANNEL_OPTIONS);
  const client = createClient(ModelRuntimeDefinition, channel);
  return {
    address,
    status: (limitMs, signal) => limited(limitMs, signal, (stop) => client.runtimeStatus({}, { signal: stop })),
    load: (model, limitMs, signal) => loadModel(client, model, limitMs, signal),
    unload: async (modelId, signal) => {
      await client.unloadModel({ modelId }, { signal }).catch((error: unknown) => {
        const failure = toCallError(error);
        if (failure.code !== 'NOT_FOUND') throw failure;
      });
    },
    size: async (modelId, limitMs, signal) =>
      sizeOf(await limited(limitMs, signal, (stop) => client.modelSize({ modelId }, { signal: stop }))),
    predictSize: async (model, limitMs, signal) =>
      sizeOf(await limited(limitMs, signal, (stop) => client.predictModelSize(toRequest(model), { signal: stop }))),
    close: () => channel.close(),
  };
}

async function loadModel(
  client: Client<typeof ModelRuntimeDefinition>,
  model: RuntimeModel,
  limitMs: number,
  signal: AbortSignal,
): Promise<LoadedModel> {
  const limit = startLimit(limitMs, signal);
  try {
    const answer = await client.loadModel(toRequest(model), { signal: limit.stop });
    return { sizeBytes: sizeOf(answer), maxConcurrency: answer.maxConcurrency };
  } catch (error) {
    if (signal.aborted) throw loadCancelled(model.id);
    throw limit.isOver() ? loadTimedOut(model.id, limitMs) : loadFailure(toCallError(error));
  } finally {
    limit.end();
  }
}

async function limited<T>(ms: number, signal: AbortSignal, call: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const limit = startLimit(ms, signal);
  try {
    return await call(limit.stop);
  } catch (error) {
    if (!limit.isOver()) throw toCallError(error);
    throw new CallError('Transient', `No answer within ${ms} ms`, { cause: error, code: 'DEADLINE_EXCEEDED' });
  } finally {
    limit.end();
  }
}

/**
 * Aborts with the signal, or after so long. It is no gRPC deadline: a server would see that, and the original's see none. Its timer goes with
 * the call: those of AbortSignal.timeout stay, with all that they hold, for the minutes that a load may take.
 */
function startLimit(ms: number, signal: AbortSignal) {
  const stop = new AbortController();
  const unfollow = followSignals(stop, [signal]);
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    stop.abort();
  }, ms);
  const end = (): void => {
    clearTimeout(timer);
    unfollow();
  };
  return { stop: stop.signal, isOver: () => isOver, end };
}

function toRequest({ id, type, path, key }: RuntimeModel) {
  return { modelId: id, modelType: type, modelPath: path, modelKey: key };
}

function sizeOf({ sizeInBytes }: { readonly sizeInBytes: bigint }): number {
  return Number(sizeInBytes);
}
