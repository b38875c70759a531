import { setTimeout as sleep } from 'node:timers/promises';
import { followSignals } from './follow-signals.ts';
import { createHeldModel, type HeldModel, type HeldOptions } from './held-model.ts';
import { loadCancelled } from './load-failure.ts';
import type { LoadedModel, RuntimeModel, UnloadOutcome } from './model-runtime.ts';
import type { RuntimeTiming } from './runtime-timing.ts';
import { createTurns } from './turns.ts';

type LaneTiming = Pick<RuntimeTiming, 'afterErrorMs' | 'afterCutMs' | 'unloadRetryMs' | 'unloadAttempts'>;

export type LaneOptions = HeldOptions & {
  readonly timing: LaneTiming;
  /** Nothing is under way, and nothing left to tidy up: the lane may be forgotten. */
  readonly idle: () => void;
};

/**
 * What is asked of one model id, one after the other, so that its loads and unloads never overlap and the last wish stands:
 * an unload ends the loads before it, and a load takes the place of an unload that waits.
 */
export type ModelLane = {
  load(model: RuntimeModel, signal: AbortSignal): Promise<LoadedModel>;
  unload(): Promise<UnloadOutcome>;
  /** Once nothing is under way. */
  settled(): Promise<void>;
};

/** An unload that has not ended. */
type Emptying = {
  /** It was requested, and does not only clean up after a failed load. */
  evenIfLoaded: boolean;
  readonly dueAt: number;
  /** Aborted when a load takes its place. */
  readonly replaced: AbortController;
  done: Promise<UnloadOutcome>;
};

export function createModelLane({ idle, ...options }: LaneOptions): ModelLane {
  const { id, timing, closed } = options;
  const held = createHeldModel(options);
  const turns = createTurns(() => {
    // A new lane of a loaded model knows this much: an unload has to be requested.
    if (held.kind() !== 'remains') idle();
  });
  const loads = new Set<AbortController>();
  let emptying: Emptying | undefined;

  const empty = (evenIfLoaded: boolean, dueAt: number): Promise<UnloadOutcome> => {
    if (emptying !== undefined) {
      emptying.evenIfLoaded ||= evenIfLoaded;
      return emptying.done;
    }
    const request: Emptying = { evenIfLoaded, dueAt, replaced: new AbortController(), done: NOTHING_TO_DO };
    emptying = request;
    request.done = turns.take(async () => {
      const needed = held.kind() === 'remains' || (request.evenIfLoaded && held.kind() !== 'nothing');
      const outcome = needed ? await keepUnloading(held, request, timing, closed) : 'unloaded';
      if (emptying === request) emptying = undefined;
      return outcome;
    });
    return request.done;
  };

  const loadNow = async (model: RuntimeModel, stop: AbortSignal): Promise<LoadedModel> => {
    try {
      await clearRemains(held, stop);
      if (stop.aborted) throw loadCancelled(id);
      return await held.load(model, stop);
    } catch (error) {
      if (held.kind() === 'remains') void empty(false, performance.now() + timing.afterErrorMs);
      throw error;
    }
  };

  return {
    load: (model, signal) => {
      emptying?.replaced.abort();
      emptying = undefined;
      const ended = new AbortController();
      loads.add(ended);
      const unfollow = followSignals(ended, [signal, closed]);
      return turns
        .take(() => loadNow(model, ended.signal))
        .finally(() => {
          unfollow();
          loads.delete(ended);
        });
    },
    unload: () => {
      for (const ended of loads) ended.abort();
      return empty(true, 0);
    },
    settled: () => turns.settled(),
  };
}

const NOTHING_TO_DO = Promise.resolve<UnloadOutcome>('unloaded');

async function keepUnloading(
  held: HeldModel,
  { dueAt, replaced }: Emptying,
  timing: LaneTiming,
  closed: AbortSignal,
): Promise<UnloadOutcome> {
  const stop = AbortSignal.any([replaced.signal, closed]);
  await pause(Math.max(dueAt, held.settledAt()) - performance.now(), stop);
  for (let attempt = 1; attempt <= timing.unloadAttempts && !stop.aborted; attempt += 1) {
    if (await held.unload(attempt)) return 'unloaded';
    if (attempt < timing.unloadAttempts) await pause(timing.unloadRetryMs, stop);
  }
  // The load in its place tries once more, and answers for the memory.
  return replaced.signal.aborted ? 'unloaded' : 'gave-up';
}

/** Once, before a load: what an earlier one left could pass for the model that is wanted now. */
async function clearRemains(held: HeldModel, stop: AbortSignal): Promise<void> {
  if (held.kind() !== 'remains') return;
  await pause(held.settledAt() - performance.now(), stop);
  if (!stop.aborted) await held.unload(1);
}

/** Ends early, without an error, when aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}
