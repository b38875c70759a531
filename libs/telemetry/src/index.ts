/**
 * Logs, metrics and the three HTTP routes that every process has, and certificates for those that need one of their own. Knows no domain types; one prom-client
 * Registry for each process, made by its `main.ts` and passed on. Nothing starts at import.
 */
export {
  createAuthority,
  createLeaf,
  createSelfSigned,
  createSigningKey,
  type Authority,
  type Certificate,
  type LeafRequest,
} from './certificates/certificate.ts';
export {
  certificatesIn,
  followTlsFiles,
  readTlsFiles,
  type FollowedTls,
  type TlsMaterial,
  type TlsPaths,
} from './certificates/tls-files.ts';
export { createAdmissionMetrics, type AdmissionMetrics } from './admission-metrics.ts';
export { createConfigurationMetrics, type ConfigurationMetrics } from './configuration-metrics.ts';
export { createDriftMetrics, type DriftMetrics } from './drift-metrics.ts';
export { createLogger, type Logger } from './logger.ts';
export { stopAfterMesh, type PodDrainOptions } from './pod-drain.ts';
export { startPodMetrics } from './pod-metrics.ts';
export { createPullMetrics, type Pull } from './pull-metrics.ts';
export { createRegistry, type Registry } from './registry.ts';
export { startHttp, type HttpServer, type HttpOptions, type HttpTls, type HealthCheck } from './http-server.ts';
export { createAddsMetric, createQueueMetrics, type QueueMetrics, type QueueReadings } from './queue-metrics.ts';
export { createRestClientMetrics } from './rest-client-metrics.ts';
export { createSourceMetrics, type SourceMetrics } from './source-metrics.ts';
export { createWriteMetrics, type WriteMetrics } from './write-metrics.ts';
export { runProcess, type Program, type Stoppable } from './process.ts';
