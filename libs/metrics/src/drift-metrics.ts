import { Gauge, type Registry } from 'prom-client';

export type DriftMetrics = {
  /** How often each kind was found; undefined while unknown. */
  found(counts: Readonly<Record<string, number>> | undefined): void;
};

/** Where objects, the mesh's records and the pods disagree. Every reconciler shows the same numbers. */
export function createDriftMetrics(registry: Registry): DriftMetrics {
  const drift = new Gauge({
    name: 'meshkeeper_drift',
    help: "Disagreements of objects, the mesh's records and the pods that no run is resolving; meshkeeper drift lists them",
    labelNames: ['kind'],
    registers: [registry],
  });
  return {
    found(counts) {
      drift.reset();
      for (const [kind, count] of Object.entries(counts ?? {})) drift.set({ kind }, count);
    },
  };
}
