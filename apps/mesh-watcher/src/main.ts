/**
 * Steps 1 and 2 for the mesh: watches the records of VModels and models in the mesh's etcd, and records what it sees. Where that etcd
 * is says a Secret, read live at the start. Which mesh is meant says the recorded configuration, which may change at any time.
 */
import { FORM } from '@meshkeeper/domain';
import { createMeshFeed } from '@meshkeeper/modelmesh';
import { createEtcdClient, parseEtcdConnection, type EtcdClient } from '@meshkeeper/etcd';
import { kubeAccess, KubeTransport, readEtcdSecret } from '@meshkeeper/kubernetes';
import { connectRedis, LOCK_DURATION_MS, startRecorder, createServiceName } from '@meshkeeper/event-log';
import { readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import { createAddsMetric, createRegistry, createRestClientMetrics, createSourceMetrics } from '@meshkeeper/metrics';
import { createLogger, runProcess, startHttp, type Stoppable } from '@meshkeeper/process';
import { createDueQueue, QUEUE_NAMES } from '@meshkeeper/work-queue';
import { settingsSchema, type Settings } from './settings.ts';

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('mesh-watcher', settings.LOG_LEVEL);

async function openEtcd(transport: KubeTransport, { NAMESPACE, ETCD_SECRET_NAME }: Settings): Promise<EtcdClient> {
  return createEtcdClient(parseEtcdConnection(await readEtcdSecret(transport, NAMESPACE, ETCD_SECRET_NAME)));
}

async function start({
  NAMESPACE,
  KUBECONFIG,
  KUBE_CONTEXT,
  HTTP_HOST,
  HTTP_PORT,
  REDIS_PREFIX,
}: Settings): Promise<Stoppable> {
  const registry = createRegistry();
  const metrics = createSourceMetrics(registry);
  const added = createAddsMetric(registry, QUEUE_NAMES.main);
  const transport = new KubeTransport({
    access: kubeAccess({ file: KUBECONFIG, context: KUBE_CONTEXT }),
    observer: createRestClientMetrics(registry),
  });
  const etcd = await openEtcd(transport, settings);
  const redis = connectRedis(redisOptions(settings));
  const log = { redis, prefix: REDIS_PREFIX, queue: QUEUE_NAMES.main, form: FORM, lockDurationMs: LOCK_DURATION_MS };
  const recording = startRecorder({
    redis: redisOptions(settings),
    prefix: REDIS_PREFIX,
    queueName: QUEUE_NAMES.main,
    openQueue: (redis) => createDueQueue({ redis, prefix: REDIS_PREFIX, added }),
    feeds: [createMeshFeed({ etcd, ownNamespace: NAMESPACE, readService: createServiceName(log, NAMESPACE) })],
    observer: metrics,
    logger,
  });
  const stopRecording = async (): Promise<void> => {
    const stopped = recording.stop();
    // Ends the wait for the name of the mesh.
    redis.disconnect();
    await stopped;
  };
  const http = await startHttp({
    host: HTTP_HOST,
    port: HTTP_PORT,
    registry,
    live: () => undefined,
    ready: () => recording.problem(),
  }).catch(async (error: unknown) => {
    await stopRecording();
    throw error;
  });
  logger.info({ address: http.address }, 'Watching');
  return {
    async stop() {
      await stopRecording();
      etcd.close();
      await Promise.all([transport.stop(), http.stop()]);
    },
  };
}

await runProcess(logger, () => start(settings));
