import { hostname } from 'node:os';
import { CallError, FORM, type RunLedger } from '@meshkeeper/domain';
import {
  connectRedis,
  createCallBudget,
  createDeletionBrake,
  createRunLedger,
  gather,
  LOCK_DURATION_MS,
  readQueueState,
  Recorder,
  type EventLogOptions,
} from '@meshkeeper/event-log';
import {
  createEventSink,
  createLiveReader,
  createSecretCopier,
  createWriter,
  findForeignController,
  kubeAccess,
  KubeTransport,
  readEtcdSecret,
  readTlsSecret,
} from '@meshkeeper/kubernetes';
import { createEtcdClient, parseEtcdConnection } from '@meshkeeper/etcd';
import { createMeshClient, createMeshRecords } from '@meshkeeper/modelmesh';
import { loopbackAlias, redisOptions } from '@meshkeeper/settings';
import {
  createAddsMetric,
  createRestClientMetrics,
  createWriteMetrics,
  type QueueReadings,
  type Registry,
} from '@meshkeeper/metrics';
import type { Logger } from '@meshkeeper/process';
import { createDueQueue, QUEUE_NAMES, type DueQueue } from '@meshkeeper/work-queue';
import type { Redis } from 'ioredis';
import type { Ports } from './ports.ts';
import type { Settings } from './settings.ts';

export type Connected = {
  readonly redis: Redis;
  readonly log: EventLogOptions;
  readonly queue: DueQueue;
  readonly recorder: Recorder;
  readonly ledger: RunLedger;
  readonly ports: Ports;
  readonly readings: () => Promise<QueueReadings>;
  stop(): Promise<void>;
};

/** For all reconcilers together and one mesh: status calls for thousands of loading models must not keep it from loading them. */
const STATUS_CALLS_PER_SECOND = 200;

/**
 * Opens everything that a run reaches the world through, and joins the libraries at their ports.
 * @throws CallError with one sentence when the API server, the etcd Secret or a permission is missing, or the original controller runs.
 */
export async function connect(settings: Settings, registry: Registry, logger: Logger): Promise<Connected> {
  const { NAMESPACE: ownNamespace, ETCD_SECRET_NAME, REDIS_PREFIX: prefix } = settings;
  const access = kubeAccess({ file: settings.KUBECONFIG, context: settings.KUBE_CONTEXT });
  const transport = new KubeTransport({ access, observer: createRestClientMetrics(registry) });
  const foreign = await findForeignController(transport, ownNamespace, Date.now());
  if (foreign !== undefined) throw new CallError('Terminal', foreign);
  const etcd = createEtcdClient(parseEtcdConnection(await readEtcdSecret(transport, ownNamespace, ETCD_SECRET_NAME)));
  const redis = connectRedis(redisOptions(settings));
  const log: EventLogOptions = { redis, prefix, queue: QUEUE_NAMES.main, form: FORM, lockDurationMs: LOCK_DURATION_MS };
  const queue = createDueQueue({ redis, prefix, added: createAddsMetric(registry, QUEUE_NAMES.main) });
  const recorder = new Recorder(log);
  const mesh = createMeshClient({
    dial: settings.DIAL_LOOPBACK_ALIAS ? loopbackAlias : (endpoint) => endpoint,
    readTls: (secretName) => readTlsSecret(transport, ownNamespace, secretName),
  });
  const ports: Ports = {
    gather: (request) => gather(log, request),
    kube: createWriter(transport),
    live: createLiveReader(transport),
    secrets: createSecretCopier(transport),
    mesh,
    meshRecords: createMeshRecords({ etcd, ownNamespace }),
    budget: createCallBudget({ redis, prefix, perSecond: STATUS_CALLS_PER_SECOND }),
    brake: createDeletionBrake(log),
    effects: recorder,
    enqueue: (keys) => queue.enqueue(keys),
    events: createEventSink(transport, hostname()),
    writes: createWriteMetrics(registry),
    logger,
    now: Date.now,
    context: {
      ownNamespace,
      etcdSecretName: ETCD_SECRET_NAME,
      namespaceScope: settings.NAMESPACE_SCOPE,
      controllerDeployment: settings.CONTROLLER_DEPLOYMENT,
    },
  };
  return {
    redis,
    log,
    queue,
    recorder,
    ledger: createRunLedger(log),
    ports,
    readings: () => readReadings(redis, prefix, queue),
    async stop() {
      await Promise.all([mesh.close(), transport.stop(), queue.stop()]);
      etcd.close();
      redis.disconnect();
    },
  };
}

async function readReadings(redis: Redis, prefix: string, queue: DueQueue): Promise<QueueReadings> {
  const [state, { waiting = 0, prioritized = 0 }] = await Promise.all([
    readQueueState(redis, prefix, Date.now()),
    queue.counts(),
  ]);
  return { dueKeys: state.dueKeys, oldestDueSeconds: state.oldestDueMs / 1_000, waiting: waiting + prioritized };
}
