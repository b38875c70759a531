/**
 * Steps 1 and 2 for the mesh: watches the records of VModels and models in the mesh's etcd, and records what it sees. Where that etcd
 * is says a Secret, read live at the start and after each failure to connect.
 */
import { createMeshFeed, createEtcdClient, parseEtcdConnection, type EtcdClient } from '@meshkeeper/modelmesh';
import { kubeAccess, KubeTransport, readEtcdSecret } from '@meshkeeper/kubernetes';
import { startRecorder } from '@meshkeeper/event-log';
import { readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import {
  createAddsMetric,
  createLogger,
  createRegistry,
  createRestClientMetrics,
  createSourceMetrics,
  runProcess,
  startHttp,
  type Stoppable,
} from '@meshkeeper/telemetry';
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
  INFERENCE_SERVICE_NAME,
}: Settings): Promise<Stoppable> {
  const registry = createRegistry();
  const metrics = createSourceMetrics(registry);
  const added = createAddsMetric(registry, QUEUE_NAMES.main);
  const transport = new KubeTransport({
    access: kubeAccess({ file: KUBECONFIG, context: KUBE_CONTEXT }),
    observer: createRestClientMetrics(registry),
  });
  const etcd = await openEtcd(transport, settings);
  const recording = startRecorder({
    redis: redisOptions(settings),
    prefix: REDIS_PREFIX,
    queueName: QUEUE_NAMES.main,
    openQueue: (redis) => createDueQueue({ redis, prefix: REDIS_PREFIX, added }),
    feeds: [createMeshFeed({ etcd, ownNamespace: NAMESPACE, service: INFERENCE_SERVICE_NAME })],
    observer: metrics,
    logger,
  });
  const http = await startHttp({
    host: HTTP_HOST,
    port: HTTP_PORT,
    registry,
    live: () => undefined,
    ready: () => recording.problem(),
  }).catch(async (error: unknown) => {
    await recording.stop();
    throw error;
  });
  logger.info({ address: http.address }, 'Watching');
  return {
    async stop() {
      await recording.stop();
      etcd.close();
      await Promise.all([transport.stop(), http.stop()]);
    },
  };
}

await runProcess(logger, () => start(settings));
