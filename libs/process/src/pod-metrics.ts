import { startHttp } from './http-server.ts';
import type { Logger } from './logger.ts';
import type { Stoppable } from './process.ts';
import type { Registry } from 'prom-client';

export type PodMetricsOptions = {
  /** 0 for none. */
  readonly port: number;
  /** What `localhost` is within the pod. */
  readonly localhost: string;
  readonly registry: Registry;
  readonly logger: Logger;
};

const NOTHING: Stoppable = { stop: async () => {} };

/**
 * `/metrics` and health of a container beside a model server, for scrapers of the pod. A port that another container of the pod
 * has taken is no reason not to work: a warning says so. Never rejects.
 */
export async function startPodMetrics({ port, localhost, registry, logger }: PodMetricsOptions): Promise<Stoppable> {
  if (port === 0) return NOTHING;
  const host = localhost === 'localhost' ? '0.0.0.0' : localhost;
  const well = (): undefined => undefined;
  return startHttp({ host, port, registry, live: well, ready: well }).catch((error: unknown) => {
    logger.warn(`No metrics: ${(error as Error).message}`);
    return NOTHING;
  });
}
