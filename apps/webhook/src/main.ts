/**
 * The admission webhook. It reports to the author of a ServingRuntime or an InferenceService immediately what the plan would report later: the
 * rules are the same functions. It keeps no state and depends on no other process: without Redis only one warning is missing.
 */
import { connectRedis } from '@meshkeeper/event-log';
import { readSettingsOrExit, redisOptions } from '@meshkeeper/settings';
import { createAdmissionMetrics, createRegistry } from '@meshkeeper/metrics';
import { createLogger, runProcess, startHttp, type Stoppable } from '@meshkeeper/process';
import { startAdmissionServer, createRuntimesOf, waitForPair, watchPair } from '@meshkeeper/admission';
import { settingsSchema } from './settings.ts';

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('webhook', settings.LOG_LEVEL);

async function start(): Promise<Stoppable> {
  const { WEBHOOK_CERT_DIR: folder, REDIS_PREFIX: prefix } = settings;
  const registry = createRegistry();
  const metrics = createAdmissionMetrics(registry);
  let blockedBy: string | undefined = 'waiting for the certificate';
  const http = await startHttp({
    host: settings.HTTP_HOST,
    port: settings.HTTP_PORT,
    registry,
    live: () => undefined,
    ready: () => blockedBy,
  });
  const pair = await waitForPair(folder, (problem) => (blockedBy = problem), new AbortController().signal);
  metrics.certificate('loaded');
  const redis = connectRedis(redisOptions(settings));
  const server = await startAdmissionServer({
    host: settings.WEBHOOK_HOST,
    port: settings.WEBHOOK_PORT,
    pair,
    runtimesOf: createRuntimesOf({ redis, prefix, metrics, logger }),
    metrics,
  });
  const watch = watchPair({
    folder,
    pair,
    changed(next) {
      server.usePair(next);
      metrics.certificate('loaded');
      logger.info('New certificate');
    },
    broken(problem) {
      metrics.certificate('refused');
      logger.warn({ problem }, 'The certificate cannot be used: the old one stays');
    },
  });
  blockedBy = undefined;
  logger.info({ address: server.address, health: http.address }, 'Admitting');
  return {
    async stop() {
      blockedBy = 'stopping';
      await Promise.all([server.stop(), watch.stop()]);
      await http.stop();
      redis.disconnect();
    },
  };
}

await runProcess(logger, start);
