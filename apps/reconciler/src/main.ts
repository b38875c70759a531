/**
 * Steps 3 to 6: drains the queue. Each job is one key; `handle-job.ts` is the story of its run. Stateless: as many of these
 * as are wanted share the queue, and what one leaves unfinished another runs.
 */
import { createViewReader, waitForRedis } from '@meshkeeper/event-log';
import { readSettingsOrExit } from '@meshkeeper/settings';
import { createDriftMetrics, createQueueMetrics, createRegistry } from '@meshkeeper/metrics';
import { createLogger, runProcess, startHttp, type Stoppable } from '@meshkeeper/process';
import { QUEUE_NAMES, startSweeper, startWorker } from '@meshkeeper/work-queue';
import {
  connect,
  startDriftWatch,
  createHandleJob,
  settingsSchema,
  createWorkerObserver,
} from '@meshkeeper/reconciler';

const settings = readSettingsOrExit(settingsSchema);
const logger = createLogger('reconciler', settings.LOG_LEVEL);

async function start(): Promise<Stoppable> {
  const { HTTP_HOST, HTTP_PORT, REDIS_PREFIX, CONCURRENCY } = settings;
  const registry = createRegistry();
  const connected = await connect(settings, registry, logger);
  const { redis, queue, ledger, recorder, log } = connected;
  let blockedBy: string | undefined = 'waiting for Redis';
  const http = await startHttp({
    host: HTTP_HOST,
    port: HTTP_PORT,
    registry,
    live: () => undefined,
    ready: () => blockedBy,
  });
  const waiting = new AbortController();
  await waitForRedis(redis, ({ message }) => (blockedBy = message), waiting.signal);
  blockedBy = undefined;

  const observer = createWorkerObserver(
    createQueueMetrics(registry, QUEUE_NAMES.main, CONCURRENCY, connected.readings),
    logger,
  );
  const handle = createHandleJob(connected.ports);
  const worker = startWorker({
    redis,
    prefix: REDIS_PREFIX,
    queue,
    ledger,
    handle,
    observer,
    concurrency: CONCURRENCY,
    lockDurationMs: log.lockDurationMs,
  });
  const sweeper = startSweeper({ ledger, queue, expandPatterns: (use) => recorder.expandPatterns(use), observer });
  const drift = startDriftWatch({
    redis,
    prefix: REDIS_PREFIX,
    view: createViewReader(log),
    ownNamespace: settings.NAMESPACE,
    metrics: createDriftMetrics(registry),
    logger,
  });
  logger.info({ address: http.address, concurrency: CONCURRENCY }, 'Reconciling');
  return {
    async stop() {
      drift.stop();
      await Promise.all([worker.stop(), sweeper.stop()]);
      await Promise.all([connected.stop(), http.stop()]);
    },
  };
}

await runProcess(logger, start);
