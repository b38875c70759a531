import { Counter, Histogram, type Registry } from 'prom-client';

export type AdmissionMetrics = {
  /** An answer of the webhook: `allowed`, `warned`, `denied`, or `undecodable` for what was no review. */
  answered(path: string, outcome: string, seconds: number): void;
  /** Whether the runtimes were known when a model's format was looked at; `skipped` when Redis did not answer in time. */
  lookedUp(result: 'known' | 'incomplete' | 'skipped'): void;
  /** A new pair of certificate and key was found: `loaded`, or `refused` and the old one kept. */
  certificate(result: 'loaded' | 'refused'): void;
};

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** What the admission webhook answers, and how long the API server waits for it; the latter under the name dashboards know. */
export function createAdmissionMetrics(registry: Registry): AdmissionMetrics {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const admissions = counter('meshkeeper_admissions_total', 'Admission reviews by path and outcome', [
    'path',
    'outcome',
  ]);
  const lookups = counter('meshkeeper_format_lookups_total', 'Looks at the known runtimes, by result', ['result']);
  const certificates = counter('meshkeeper_certificate_loads_total', 'Serving certificates found, by result', [
    'result',
  ]);
  const latency = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Time of one admission review',
    labelNames: ['webhook'],
    buckets: BUCKETS,
    registers: [registry],
  });
  return {
    answered(path, outcome, seconds) {
      admissions.inc({ path, outcome });
      latency.observe({ webhook: path }, seconds);
    },
    lookedUp: (result) => lookups.inc({ result }),
    certificate: (result) => certificates.inc({ result }),
  };
}
