/** The console: queue dashboards, an index page and the API of `explain`, for those who look at three in the morning. It reads Redis and writes nothing. */
import { FORM, type SnapshotContext } from '@meshkeeper/domain';
import { connectRedis, waitForRedis } from '@meshkeeper/event-log';
import { createAccessReviewer, kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import { readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import { createLogger, runProcess, startHttp, type Stoppable } from '@meshkeeper/process';
import { createRegistry } from '@meshkeeper/metrics';
import { createDueQueue, QUEUE_NAMES } from '@meshkeeper/work-queue';
import { createGuard, OPEN_TO_ALL, addRoutes, type Guard } from '@meshkeeper/console';
import { settingsSchema, type Settings } from './settings.ts';

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('console', settings.LOG_LEVEL);

async function start(): Promise<Stoppable> {
  const { HTTP_HOST, HTTP_PORT, REDIS_PREFIX } = settings;
  let blockedBy: string | undefined = 'waiting for Redis';
  const access = openAccess(settings);
  const redis = connectRedis(redisOptions(settings));
  const queue = createDueQueue({ redis, prefix: REDIS_PREFIX });
  // The console only reads and holds no lock.
  const log = { redis, prefix: REDIS_PREFIX, queue: QUEUE_NAMES.main, form: FORM, lockDurationMs: 0 };
  const http = await startHttp({
    host: HTTP_HOST,
    port: HTTP_PORT,
    registry: createRegistry(),
    live: () => undefined,
    ready: () => blockedBy,
    routes: (app) => addRoutes(app, { log, context: contextOf(settings), guard: access.guard, queues: queue.queues }),
  }).catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  const stopping = new AbortController();
  void waitForRedis(redis, ({ message }) => (blockedBy = message), stopping.signal).then(
    () => (blockedBy = undefined),
    (error: Error) => (blockedBy = error.message),
  );
  logger.info({ address: http.address }, 'Console');
  return {
    async stop() {
      stopping.abort();
      await Promise.all([queue.stop(), http.stop(), access.stop()]);
      redis.disconnect();
    },
  };
}

function contextOf({ NAMESPACE, ETCD_SECRET_NAME, NAMESPACE_SCOPE }: Settings): SnapshotContext {
  return { ownNamespace: NAMESPACE, etcdSecretName: ETCD_SECRET_NAME, namespaceScope: NAMESPACE_SCOPE };
}

/** Who may ask: everybody who reaches it, or whom the API server lets. */
function openAccess({ CONSOLE_AUTH, KUBECONFIG, KUBE_CONTEXT, HTTP_HOST }: Settings): {
  readonly guard: Guard;
  stop(): Promise<void>;
} {
  if (CONSOLE_AUTH === 'none') {
    if (!HTTP_HOST.startsWith('127.'))
      logger.warn(
        { HTTP_HOST },
        'CONSOLE_AUTH is none: every client that reaches this address sees the specifications of all models',
      );
    return { guard: OPEN_TO_ALL, stop: async () => undefined };
  }
  const transport = new KubeTransport({
    access: kubeAccess({ file: KUBECONFIG, context: KUBE_CONTEXT }),
    userAgent: 'meshkeeper-console',
  });
  return { guard: createGuard(createAccessReviewer(transport)), stop: () => transport.stop() };
}

await runProcess(logger, start);
