/** The console: queue dashboards and an index page for those who look at three in the morning. It reads Redis and writes nothing. */
import { FORM } from '@meshkeeper/domain';
import { connectRedis, waitForRedis } from '@meshkeeper/event-log';
import { readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import { createLogger, createRegistry, runProcess, startHttp, type Stoppable } from '@meshkeeper/telemetry';
import { createDueQueue } from '@meshkeeper/work-queue';
import { addRoutes } from './routes.ts';
import { settingsSchema } from './settings.ts';

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('console', settings.LOG_LEVEL);

async function start(): Promise<Stoppable> {
  const { HTTP_HOST, HTTP_PORT, REDIS_PREFIX } = settings;
  let blockedBy: string | undefined = 'waiting for Redis';
  const redis = connectRedis(redisOptions(settings));
  const queue = createDueQueue({ redis, prefix: REDIS_PREFIX });
  const http = await startHttp({
    host: HTTP_HOST,
    port: HTTP_PORT,
    registry: createRegistry(),
    live: () => undefined,
    ready: () => blockedBy,
    routes: (app) => addRoutes(app, { redis, prefix: REDIS_PREFIX, queues: queue.queues, form: FORM }),
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
      await Promise.all([queue.stop(), http.stop()]);
      redis.disconnect();
    },
  };
}

await runProcess(logger, start);
