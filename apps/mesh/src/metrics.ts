import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from '@meshkeeper/telemetry';

/** The original's buckets, milliseconds. */
const LATENCY_BUCKETS = [
  0.5, 1, 2, 5, 10, 20, 50, 75, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000, 300_000,
];

export type MeshMetrics = {
  loadEnded(outcome: 'loading' | 'loaded' | 'failed', ms: number): void;
  apiRequest(method: string, code: string, ms: number): void;
  /** Reads the gauges' values at every scrape. */
  observe(source: MetricsSource): void;
};

export type MetricsSource = {
  readonly instance: () => { readonly count: number; readonly usedBytes: number };
  /** Undefined on every instance but the leader, which alone tells them. */
  readonly cluster: () => { readonly loaded: number; readonly failed: number; readonly managed: number } | undefined;
};

/** Names are the original's, byte for byte: dashboards depend on them. */
export function createMetrics(registry: Registry): MeshMetrics {
  const registers = [registry];
  const buckets = LATENCY_BUCKETS;
  const load = new Histogram({
    name: 'modelmesh_loadmodel_milliseconds',
    help: 'Time to load a model',
    buckets,
    registers,
  });
  const failures = new Counter({ name: 'modelmesh_loadmodel_failure', help: 'Failed loads', registers });
  const labelNames = ['method', 'code'] as const;
  const help = 'External requests, end to end';
  const api = new Histogram({ name: 'modelmesh_api_request_milliseconds', help, buckets, labelNames, registers });
  return {
    loadEnded: (outcome, ms) => {
      if (outcome === 'loaded') load.observe(ms);
      else failures.inc();
    },
    apiRequest: (method, code, ms) => api.observe({ method, code }, ms),
    observe: (source) => observeGauges(registry, source),
  };
}

function observeGauges(registry: Registry, { instance, cluster }: MetricsSource): void {
  const gauge = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge('modelmesh_instance_models_total', 'Copies on this instance', () => instance().count);
  gauge('modelmesh_instance_used_bytes', 'Bytes of the loaded copies of this instance', () => instance().usedBytes);
  gauge('modelmesh_models_loaded_total', 'Models with at least one copy; told by the leader', () => cluster()?.loaded);
  gauge(
    'modelmesh_models_with_failure_total',
    'Models with a recorded failure; told by the leader',
    () => cluster()?.failed,
  );
  gauge('modelmesh_models_managed_total', 'Registered models; told by the leader', () => cluster()?.managed);
}
