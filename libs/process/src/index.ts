/**
 * The life of a process: signals and shutdown, logs, and the HTTP server for metrics and health. No domain types; nothing starts at import.
 */
export { startHttp, type HealthCheck, type HttpServer, type HttpTls } from './http-server.ts';
export { createLogger, type Logger } from './logger.ts';
export { stopAfterMesh, type PodDrainOptions } from './pod-drain.ts';
export { startPodMetrics } from './pod-metrics.ts';
export { runProcess, type Stoppable, type Program } from './process.ts';
