import type { Program } from './process.ts';

export type PodDrainOptions = {
  /** Where the mesh of the pod answers once it has drained; 0: no wait. */
  readonly port: number;
  /** What `localhost` is within the pod. */
  readonly localhost: string;
};

/** A pod has that long by default, less what stopping takes. */
const DRAIN_MS = 80_000;
const STOP_MS = 9_000;

/**
 * A program beside a mesh that serves until the mesh has handed over what it has, which it does by this program's help. Model servers wait
 * for it by a hook; the other containers have none in the pods that the original rendered. Where there is no mesh, or none any more, there
 * is nothing to wait for.
 */
export function stopAfterMesh({ port, localhost }: PodDrainOptions, stop: () => Promise<void>): Program {
  const untilDrained = async (): Promise<void> => {
    if (port === 0) return;
    const signal = AbortSignal.timeout(DRAIN_MS);
    await fetch(`http://${localhost}:${port}/prestop`, { signal }).catch(() => undefined);
  };
  return {
    stopWithinMs: DRAIN_MS + STOP_MS,
    stop: async () => {
      await untilDrained();
      await stop();
    },
  };
}
