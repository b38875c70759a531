/**
 * Steps 3 to 6: drains the queue. Each job is one key; `handle-job.ts` tells the story of its run. Stateless: any number of these
 * share the queue, and what one leaves unfinished another runs.
 */
import { hostname } from 'node:os';
import { CallError, FORM } from '@meshkeeper/domain';
import { connectRedis, createRunLedger, gather, LOCK_DURATION_MS, readQueueState, Recorder, waitForRedis, type EventLogOptions } from '@meshkeeper/event-log';
import { createEventSink, createWriter, findForeignController, kubeAccess, KubeTransport, readEtcdSecret } from '@meshkeeper/kubernetes';
import { createEtcdClient, createMeshClient, createMeshRecords, parseEtcdConnection } from '@meshkeeper/modelmesh';
import { loopbackTwin, readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import {
  createLogger,
  createQueueMetrics,
  createRegistry,
  createRestClientMetrics,
  createWriteMetrics,
  runProcess,
  startHttp,
  type Stoppable,
} from '@meshkeeper/telemetry';
import { createDueQueue, QUEUE_NAMES, startSweeper, startWorker } from '@meshkeeper/work-queue';
import { createHandleJob } from './handle-job.ts';
import { settingsSchema } from './settings.ts';
import { createWorkerObserver } from './worker-observer.ts';

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('reconciler', settings.LOG_LEVEL);
const registry = createRegistry();

async function start(): Promise<Stoppable> {
  const { NAMESPACE, ETCD_SECRET_NAME, REDIS_PREFIX, INFERENCE_SERVICE_NAME, CONCURRENCY } = settings;
  const transport = new KubeTransport({
    access: kubeAccess({ file: settings.KUBECONFIG, context: settings.KUBE_CONTEXT }),
    observer: createRestClientMetrics(registry),
  });
  const foreign = await findForeignController(transport, NAMESPACE, Date.now());
  if (foreign !== undefined) throw new CallError('Terminal', foreign);
  const etcd = createEtcdClient(parseEtcdConnection(await readEtcdSecret(transport, NAMESPACE, ETCD_SECRET_NAME)));

  let blockedBy: string | undefined = 'waiting for Redis';
  const http = await startHttp({ host: settings.HTTP_HOST, port: settings.HTTP_PORT, registry, live: () => undefined, ready: () => blockedBy });
  const redis = connectRedis(redisOptions(settings));
  await waitForRedis(redis, ({ message }) => (blockedBy = message), new AbortController().signal);
  blockedBy = undefined;

  const log: EventLogOptions = { redis, prefix: REDIS_PREFIX, queue: QUEUE_NAMES.main, form: FORM, lockDurationMs: LOCK_DURATION_MS };
  const queue = createDueQueue({ redis, prefix: REDIS_PREFIX });
  const recorder = new Recorder(log);
  const ledger = createRunLedger(log);
  const mesh = createMeshClient({ dial: settings.DIAL_LOOPBACK_TWIN ? loopbackTwin : (endpoint) => endpoint });
  const metrics = createQueueMetrics(registry, QUEUE_NAMES.main, CONCURRENCY, async () => {
    const [state, counts] = await Promise.all([readQueueState(redis, REDIS_PREFIX, Date.now()), queue.counts()]);
    return { dueKeys: state.dueKeys, oldestDueSeconds: state.oldestDueMs / 1_000, waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0) };
  });
  const handle = createHandleJob({
    gather: (request) => gather(log, request),
    kube: createWriter(transport),
    mesh,
    meshRecords: createMeshRecords({ etcd, ownNamespace: NAMESPACE, service: INFERENCE_SERVICE_NAME }),
    effects: recorder,
    enqueue: (keys) => queue.enqueue(keys),
    events: createEventSink(transport, hostname()),
    writes: createWriteMetrics(registry),
    logger,
    now: Date.now,
    ownNamespace: NAMESPACE,
    serviceName: INFERENCE_SERVICE_NAME,
  });
  const observer = createWorkerObserver(metrics, logger);
  const worker = startWorker({ redis, prefix: REDIS_PREFIX, queue, ledger, handle, observer, concurrency: CONCURRENCY, lockDurationMs: LOCK_DURATION_MS });
  const sweeper = startSweeper({
    ledger,
    queue,
    expandPatterns: (use) => recorder.expandPatterns(use),
    found: metrics.swept,
    failed: (error) => observer.failed(error),
  });
  logger.info({ address: http.address, concurrency: CONCURRENCY }, 'Reconciling');
  return {
    async stop() {
      await Promise.all([worker.stop(), sweeper.stop()]);
      await Promise.all([mesh.close(), transport.stop(), queue.stop(), http.stop()]);
      etcd.close();
      redis.disconnect();
    },
  };
}

await runProcess(logger, start);
