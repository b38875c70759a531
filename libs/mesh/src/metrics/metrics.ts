import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from '@meshkeeper/metrics';
import type { HostSummary } from '../rules/host-limits.ts';

/** The original's buckets, milliseconds and bytes. */
const LATENCY = [
  0.5, 1, 2, 5, 10, 20, 50, 75, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000, 300_000,
];
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const AGES = [0.5, 5, 15, 60, 240, 720]
  .map((minutes) => minutes * MINUTE)
  .concat([1, 7, 30, 90].map((days) => days * DAY));
const byFours = (first: number): number[] => Array.from({ length: 8 }, (_, power) => first * 4 ** power);

/** Labels of a request: the method's short name, and the name of the gRPC code. */
export type RequestLabels = {
  readonly method: string;
  readonly code: string;
  readonly modelId?: string;
  readonly vModelId?: string;
};

export type MeshMetrics = {
  loadQueued(ms: number): void;
  loadEnded(outcome: 'loaded' | 'failed', ms: number): void;
  sized(ms: number): void;
  modelLoaded(bytes: number): void;
  evicted(ageMs: number): void;
  unloadEnded(outcome: 'unloaded' | 'gave-up', ms: number): void;
  unloadAttemptFailed(): void;
  /** The runtime's own answer to one call. */
  invoked(labels: RequestLabels, ms: number): void;
  /** How long a call waited for its turn at a copy. */
  queued(ms: number): void;
  /** A request had to wait for a load. */
  missed(ms: number): void;
  apiRequest(labels: RequestLabels, ms: number, requestBytes: number, responseBytes: number): void;
  /** A call was to be answered elsewhere: why, in the words of `Outcome`, or `lost`. */
  retried(why: string): void;
  /** Reads the gauges' values at every scrape. */
  observe(source: MetricsSource): void;
};

export type MetricsSource = {
  /** Instances that do not answer. */
  readonly silent: () => number;
  readonly runtimeGone: () => boolean;
  readonly instance: () => HostSummary;
  readonly now: () => number;
  /** Undefined on every instance but the leader, which alone reports them. */
  readonly cluster: () => { readonly loaded: number; readonly failed: number; readonly managed: number } | undefined;
};

/** Names, labels and buckets are the original's, byte for byte: dashboards depend on them. */
export function createMetrics(
  registry: Registry,
  { perModel = false }: { readonly perModel?: boolean } = {},
): MeshMetrics {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets = LATENCY) =>
    new Histogram({ name: `modelmesh_${name}`, help, buckets, registers });
  const labelNames = perModel ? ['method', 'code', 'modelId', 'vModelId'] : ['method', 'code'];
  const labelled = (name: string, help: string, buckets = LATENCY) =>
    new Histogram({ name: `modelmesh_${name}`, help, buckets, labelNames, registers });
  const counter = (name: string, help: string) => new Counter({ name: `modelmesh_${name}`, help, registers });
  const loads = histogram('loadmodel_milliseconds', 'Time to load a model');
  const loadFailures = counter('loadmodel_failure', 'Failed loads');
  const unloads = histogram('unloadmodel_milliseconds', 'Time to unload a model');
  const unloadFailures = counter('unloadmodel_failure', 'Unloads that were given up');
  const attemptFailures = counter('unloadmodel_attempt_failure', 'Failed attempts to unload');
  const loadDelays = histogram('loading_queue_delay_milliseconds', 'Time that a load waited for its turn');
  const sizings = histogram('model_sizing_milliseconds', 'Time to learn the size of a loaded model');
  const sizes = histogram('loaded_model_size_bytes', 'Sizes of loaded models', byFours(256 * 1_024));
  const ages = histogram('age_at_eviction_milliseconds', 'Time since the last use of evicted models', AGES);
  const misses = histogram('cache_miss_milliseconds', 'Time that requests waited for a load');
  const delays = histogram('req_queue_delay_milliseconds', 'Time that requests waited for their turn at a copy');
  const invocations = labelled('invoke_model_milliseconds', 'Calls of the runtime');
  const requests = labelled('api_request_milliseconds', 'External requests, end to end');
  const requestSizes = labelled('request_size_bytes', 'Sizes of requests', byFours(128));
  const responseSizes = labelled('response_size_bytes', 'Sizes of responses', byFours(128));
  const retries = new Counter({
    name: 'meshkeeper_mesh_retries_total',
    help: 'Calls that one instance did not answer, so that another was asked',
    labelNames: ['why'],
    registers,
  });
  const labelsOf = ({ method, code, modelId = '', vModelId = '' }: RequestLabels) =>
    perModel ? { method, code, modelId, vModelId } : { method, code };
  return {
    loadQueued: (ms) => loadDelays.observe(ms),
    loadEnded: (outcome, ms) => (outcome === 'loaded' ? loads.observe(ms) : loadFailures.inc()),
    sized: (ms) => sizings.observe(ms),
    modelLoaded: (bytes) => sizes.observe(bytes),
    evicted: (ageMs) => ages.observe(ageMs),
    unloadEnded: (outcome, ms) => (outcome === 'unloaded' ? unloads.observe(ms) : unloadFailures.inc()),
    unloadAttemptFailed: () => attemptFailures.inc(),
    invoked: (request, ms) => invocations.observe(labelsOf(request), ms),
    queued: (ms) => delays.observe(ms),
    missed: (ms) => misses.observe(ms),
    apiRequest: (request, ms, requestBytes, responseBytes) => {
      const labels = labelsOf(request);
      requests.observe(labels, ms);
      requestSizes.observe(labels, requestBytes);
      responseSizes.observe(labels, responseBytes);
    },
    retried: (why) => retries.inc({ why }),
    observe: (source) => observeGauges(registry, source),
  };
}

function observeGauges(registry: Registry, { instance, cluster, now, silent, runtimeGone }: MetricsSource): void {
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
  const UNIT = 8_192;
  gauge('modelmesh_instance_models_total', 'Copies on this instance', () => instance().models);
  gauge(
    'modelmesh_instance_used_bytes',
    'Bytes that models of this instance have or are promised',
    () => instance().usedBytes,
  );
  gauge('modelmesh_instance_capacity_bytes', 'Bytes that models may have', () => instance().capacityUnits * UNIT);
  gauge('modelmesh_instance_used_bps', 'Share of the capacity in use, in hundredths of a percent', () =>
    Math.round((10_000 * instance().usedUnits) / Math.max(1, instance().capacityUnits)),
  );
  const oldest = () => instance().oldestUse;
  gauge('modelmesh_instance_lru_seconds', 'When the model that would go next was used, epoch seconds', () => {
    const at = oldest();
    return at === undefined ? undefined : Math.round(at / 1_000);
  });
  gauge('modelmesh_instance_lru_age_seconds', 'Since when the model that would go next is unused', () => {
    const at = oldest();
    return at === undefined ? undefined : Math.round((now() - at) / 1_000);
  });
  gauge(
    'modelmesh_models_loaded_total',
    'Models with at least one copy; reported by the leader',
    () => cluster()?.loaded,
  );
  gauge(
    'modelmesh_models_with_failure_total',
    'Models with a recorded failure; reported by the leader',
    () => cluster()?.failed,
  );
  gauge('modelmesh_models_managed_total', 'Registered models; reported by the leader', () => cluster()?.managed);
  gauge('meshkeeper_mesh_silent_instances', 'Instances that do not answer, although their records stand', silent);
  gauge('meshkeeper_mesh_model_server_gone', 'Whether the model server beside it does not answer', () =>
    runtimeGone() ? 1 : 0,
  );
}
