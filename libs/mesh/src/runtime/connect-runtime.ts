import { messageOf, type CallError } from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/process';
import { awaitReady } from './await-ready.ts';
import { createModelLane, type ModelLane } from './model-lane.ts';
import type { ModelRuntime } from './model-runtime.ts';
import { openRuntimeCalls, type RuntimeCalls } from './runtime-calls.ts';
import type { RuntimeEndpoints } from '../settings/runtime-endpoints.ts';
import { factsOf, type RuntimeFacts } from '../rules/runtime-facts.ts';
import { RUNTIME_TIMING, type RuntimeTiming } from './runtime-timing.ts';

export type ConnectOptions = {
  readonly logger: Logger;
  /** Ends the waiting for the server; what is connected is ended with `close`. */
  readonly signal: AbortSignal;
  /** Called at each attempt to unload that fails. */
  readonly unloadAttemptFailed?: () => void;
  /** What differs from RUNTIME_TIMING. */
  readonly timing?: Partial<RuntimeTiming>;
};

/**
 * Waits until the model server is ready, and never asks again.
 * @throws CallError when it fails, is not ready in time or says what cannot be; the signal's reason when that is aborted
 */
export async function connectRuntime(
  { management }: Pick<RuntimeEndpoints, 'management'>,
  { logger, signal, timing: given = {}, unloadAttemptFailed = () => undefined }: ConnectOptions,
): Promise<ModelRuntime> {
  const timing = { ...RUNTIME_TIMING, ...given };
  const endpoints = management.map(openRuntimeCalls);
  try {
    const { calls, status } = await awaitReady(endpoints, timing, signal);
    const facts = factsOf(status);
    for (const other of endpoints) if (other !== calls) other.close();
    logger.info({ address: calls.address, ...facts, methods: [...facts.methods.keys()] }, 'The model server is ready');
    return createModelRuntime(calls, facts, { timing, logger, unloadAttemptFailed });
  } catch (error) {
    for (const calls of endpoints) calls.close();
    throw error;
  }
}

function createModelRuntime(calls: RuntimeCalls, facts: RuntimeFacts, shared: Omit<Shared, 'closed'>): ModelRuntime {
  const { timing, logger } = shared;
  const ended = new AbortController();
  const lanes = createLanes(calls, facts, { ...shared, closed: ended.signal });
  let predictsSizes = true;
  return {
    facts,
    address: calls.address,
    load: (model, signal) => lanes.of(model.id).load(model, signal),
    unload: (id) => lanes.of(id).unload(),
    size: (id) =>
      calls.size(id, timing.sizeDeadlineMs, ended.signal).catch((error: unknown) => {
        logger.warn({ modelId: id, reason: messageOf(error) }, 'The size of a loaded model cannot be learned');
        return undefined;
      }),
    supportsSizePrediction: () => predictsSizes,
    predictSize: async (model) => {
      if (!predictsSizes) return undefined;
      return calls.predictSize(model, timing.predictDeadlineMs, ended.signal).catch((error: CallError) => {
        if (error.code === 'UNIMPLEMENTED') predictsSizes = false;
        else logger.debug({ modelId: model.id, reason: error.message }, 'No size was predicted');
        return undefined;
      });
    },
    close: async () => {
      ended.abort();
      await lanes.idle();
      calls.close();
    },
  };
}

type Shared = Required<Pick<ConnectOptions, 'logger' | 'unloadAttemptFailed'>> & {
  readonly timing: RuntimeTiming;
  readonly closed: AbortSignal;
};

/** A lane for each model that the server is asked about, or has the remains of. */
function createLanes(
  calls: RuntimeCalls,
  { loadTimeoutMs }: RuntimeFacts,
  { logger, unloadAttemptFailed, ...shared }: Shared,
) {
  const lanes = new Map<string, ModelLane>();
  const open = (id: string): ModelLane => {
    const lane = createModelLane({
      id,
      ...shared,
      calls: {
        load: (model, signal) => calls.load(model, loadTimeoutMs, signal),
        unload: (_id, signal) => calls.unload(id, signal),
      },
      unloadFailed: (attempt, { message }) => {
        unloadAttemptFailed();
        // A server that is gone fails them all: each model is reported once.
        logger[attempt === 1 ? 'warn' : 'debug']({ modelId: id, attempt, reason: message }, 'Unload failed');
      },
      idle: () => lanes.delete(id),
    });
    lanes.set(id, lane);
    return lane;
  };
  return {
    of: (id: string): ModelLane => lanes.get(id) ?? open(id),
    idle: () => Promise.all([...lanes.values()].map((lane) => lane.settled())),
  };
}
