import { classifyError, messageOf, parseKey } from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/process';
import type { QueueMetrics } from '@meshkeeper/metrics';
import type { WorkerObserver } from '@meshkeeper/work-queue';

/** Reports what the worker does as metrics and log lines. The controller of a key is its kind. */
export function createWorkerObserver(
  metrics: QueueMetrics,
  logger: Logger,
): WorkerObserver & { swept(keys: number): void } {
  const controllerOf = (key: string): string => parseKey(key)?.kind ?? 'unknown';
  return {
    started(key, waitedMs) {
      metrics.started(controllerOf(key), key, waitedMs === undefined ? undefined : waitedMs / 1_000);
    },
    finished(key, outcome, seconds, convergedMs) {
      metrics.finished(
        controllerOf(key),
        key,
        outcome,
        seconds,
        convergedMs === undefined ? undefined : convergedMs / 1_000,
      );
    },
    retried(key, error, delayMs, dead) {
      const kind = classifyError(error);
      metrics.retried(controllerOf(key), kind === 'Terminal');
      const level = kind === 'Conflict' ? 'debug' : dead ? 'error' : 'warn';
      logger[level]({ key, class: kind, retryInMs: delayMs, dead }, messageOf(error));
    },
    swept: (keys) => metrics.swept(keys),
    failed(error) {
      metrics.queueError();
      logger.warn({ error: messageOf(error) }, 'The queue reports an error');
    },
  };
}
