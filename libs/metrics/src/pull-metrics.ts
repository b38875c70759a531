import { Counter, Histogram, type Registry } from 'prom-client';

/** One pull of a model: `ms` and `bytes` as far as it came, and why it failed if it did. */
export type Pull = { readonly type: string; readonly bytes: number; readonly ms: number; readonly failure?: string };

/** What came from storage, by its type. */
export function createPullMetrics(registry: Registry): (pull: Pull) => void {
  const bytes = new Counter({
    name: 'meshkeeper_pulled_bytes_total',
    help: 'Bytes of models fetched, by storage type',
    labelNames: ['type'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'meshkeeper_pull_seconds',
    help: 'How long fetching a model took, by storage type',
    labelNames: ['type'],
    buckets: [0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'meshkeeper_pull_failures_total',
    help: 'Pulls that failed, by storage type and reason',
    labelNames: ['type', 'reason'],
    registers: [registry],
  });
  return ({ type, bytes: count, ms, failure }) => {
    bytes.inc({ type }, count);
    seconds.observe({ type }, ms / 1_000);
    if (failure !== undefined) failures.inc({ type, reason: failure });
  };
}
