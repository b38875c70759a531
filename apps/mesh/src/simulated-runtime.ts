import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelRuntime } from './model-runtime.ts';

/** How a path shapes the simulated model; see README. */
export type Simulation = {
  readonly sizeBytes: number;
  readonly loadMs: number;
  readonly unloadMs: number;
  /** Absent: the load succeeds. */
  readonly failure: string | undefined;
};

const DEFAULTS: Simulation = { sizeBytes: 1_048_576, loadMs: 100, unloadMs: 0, failure: undefined };

/** `FAIL_<msg>`, `FAILAT_<iid>_<msg>` and `SIZE_<bytes>_<loadMs>_<unloadMs>` may stand in any segment of the path. */
export function simulationOf(path: string, instanceId: string): Simulation {
  return path
    .split('/')
    .reduce((simulation, segment) => ({ ...simulation, ...ofSegment(segment, instanceId) }), DEFAULTS);
}

function ofSegment(segment: string, instanceId: string): Partial<Simulation> {
  if (segment.startsWith('FAIL_')) return { failure: segment.slice('FAIL_'.length) };
  const [, iid, message] = /^FAILAT_([^_]+)_(.*)$/.exec(segment) ?? [];
  if (iid === instanceId) return { failure: message };
  const size = /^SIZE_(\d+)_(\d+)_(\d+)/.exec(segment);
  if (size === null) return {};
  return { sizeBytes: Number(size[1]), loadMs: Number(size[2]), unloadMs: Number(size[3]) };
}

/** Stands for a model server until real ones are spoken to: waits, then succeeds or fails as the path says. */
export function createSimulatedRuntime(instanceId: string): ModelRuntime {
  const unloadMs = new Map<string, number>();
  return {
    load: async ({ id, path }, signal) => {
      const simulation = simulationOf(path, instanceId);
      await sleep(simulation.loadMs, undefined, { signal });
      if (simulation.failure !== undefined) throw new Error(`INTERNAL: ${simulation.failure}`);
      unloadMs.set(id, simulation.unloadMs);
      return { sizeBytes: simulation.sizeBytes };
    },
    unload: async (id) => {
      const ms = unloadMs.get(id) ?? 0;
      unloadMs.delete(id);
      if (ms > 0) await sleep(ms, undefined, { ref: false });
    },
  };
}
