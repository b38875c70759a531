import { CallError } from '@meshkeeper/domain';
import type { LoadedModel, RuntimeModel } from './model-runtime.ts';
import type { RuntimeTiming } from './runtime-timing.ts';

/** One call each; both throw CallError. */
export type ModelCalls = {
  load(model: RuntimeModel, signal: AbortSignal): Promise<LoadedModel>;
  unload(id: string, signal: AbortSignal): Promise<void>;
};

export type HeldOptions = {
  readonly id: string;
  readonly calls: ModelCalls;
  readonly timing: Pick<RuntimeTiming, 'afterCutMs'>;
  /** Aborted when everything ends. */
  readonly closed: AbortSignal;
  readonly unloadFailed: (attempt: number, error: CallError) => void;
};

/** What the server has of one model, and the two calls that change it. */
export type HeldModel = {
  /** `remains`: of a failed load or unload. `unknown`: nothing was asked of it yet. */
  kind(): 'nothing' | 'unknown' | 'loaded' | 'remains';
  /** Before this time of `performance.now` the server may still be at a load that was cut off. */
  settledAt(): number;
  /** @throws CallError */
  load(model: RuntimeModel, stop: AbortSignal): Promise<LoadedModel>;
  /** False when it failed. `attempt` is only passed on. */
  unload(attempt: number): Promise<boolean>;
};

export function createHeldModel({ id, calls, timing, closed, unloadFailed }: HeldOptions): HeldModel {
  let kind: ReturnType<HeldModel['kind']> = 'unknown';
  let settledAt = 0;
  return {
    kind: () => kind,
    settledAt: () => settledAt,
    load: async (model, stop) => {
      try {
        const loaded = await calls.load(model, stop);
        kind = 'loaded';
        return loaded;
      } catch (error) {
        kind = 'remains';
        const cut = stop.aborted || (error instanceof CallError && error.code === 'DEADLINE_EXCEEDED');
        settledAt = cut ? performance.now() + timing.afterCutMs : 0;
        throw error;
      }
    },
    unload: async (attempt) => {
      try {
        await calls.unload(id, closed);
        kind = 'nothing';
        return true;
      } catch (error) {
        kind = 'remains';
        if (error instanceof CallError && !closed.aborted) unloadFailed(attempt, error);
        return false;
      }
    },
  };
}
