import type { MeshConfig } from '../config/mesh-config.ts';
import { supports } from '../objects/runtime-labels.ts';
import type { RuntimeSnapshot, Viewed } from '../snapshot/snapshot.ts';

export type Replicas = {
  /** Without regard to an autoscaler. */
  readonly base: number;
  /** When the last model went; undefined while there is one, or where that does not matter. */
  readonly emptySince: number | undefined;
  /** When the grace period ends, in ms from now; undefined when none runs. */
  readonly graceLeftMs: number | undefined;
};

/**
 * How many pods a runtime gets: its own number, or that of the configuration; none once it has been without a model for the grace
 * period. Where nothing is remembered, a Deployment with pods starts its grace now and one without stays so: a restart neither takes
 * pods away early nor brings them back.
 */
export function planReplicas(
  snapshot: RuntimeSnapshot,
  config: MeshConfig,
  meshLabels: readonly string[],
  live: Viewed | undefined,
  now: number,
  own: number | undefined,
): Replicas {
  const full = own ?? config.podsPerRuntime;
  const needed = snapshot.models.some(({ label }) => supports(meshLabels, label));
  if (!config.scaleToZero.enabled || needed || !snapshot.modelsComplete)
    return { base: full, emptySince: undefined, graceLeftMs: undefined };
  const graceMs = config.scaleToZero.gracePeriodSeconds * 1_000;
  const emptySince = snapshot.memory.emptySince ?? (liveReplicas(live) > 0 ? now : now - graceMs);
  const left = emptySince + graceMs - now;
  return left > 0 ? { base: full, emptySince, graceLeftMs: left } : { base: 0, emptySince, graceLeftMs: undefined };
}

/** 0 for a Deployment that is not there. */
export function liveReplicas(live: Viewed | undefined): number {
  const replicas = live?.body.spec?.['replicas'];
  return typeof replicas === 'number' ? replicas : 0;
}
