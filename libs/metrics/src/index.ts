/**
 * The Prometheus metrics of every process, one file per subject. Each process creates one Registry and passes it in. No domain types.
 */
export { createAdmissionMetrics, type AdmissionMetrics } from './admission-metrics.ts';
export { createConfigurationMetrics, type ConfigurationMetrics } from './configuration-metrics.ts';
export { createDriftMetrics, type DriftMetrics } from './drift-metrics.ts';
export { createPullMetrics } from './pull-metrics.ts';
export { createAddsMetric, type QueueReadings, createQueueMetrics, type QueueMetrics } from './queue-metrics.ts';
export { createRegistry, type Registry } from './registry.ts';
export { createRestClientMetrics } from './rest-client-metrics.ts';
export { createSourceMetrics, type SourceMetrics } from './source-metrics.ts';
export { createWriteMetrics, type WriteMetrics } from './write-metrics.ts';
