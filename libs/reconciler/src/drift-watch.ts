import { setTimeout as delay } from 'node:timers/promises';
import { DRIFT_KINDS, lookForDrift, messageOf, type Finding, type ViewReader } from '@meshkeeper/domain';
import { computeOncePerInterval } from '@meshkeeper/event-log';
import type { DriftMetrics } from '@meshkeeper/metrics';
import type { Logger } from '@meshkeeper/process';
import type { Redis } from 'ioredis';
import { z } from 'zod';

export type DriftWatchOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  readonly view: ViewReader;
  readonly ownNamespace: string;
  readonly metrics: DriftMetrics;
  readonly logger: Logger;
  readonly everyMs?: number;
};

/** Counts drift once a minute. One reconciler looks for all of them, and each shows what it found. */
export function startDriftWatch(options: DriftWatchOptions): { readonly stop: () => void } {
  const stopping = new AbortController();
  void watchUntil(options, stopping.signal);
  // A check in progress ends with the connection: an unreachable Redis must not delay the shutdown.
  return { stop: () => stopping.abort() };
}

async function watchUntil(options: DriftWatchOptions, signal: AbortSignal): Promise<void> {
  const { redis, prefix, view, ownNamespace, metrics, logger, everyMs = 60_000 } = options;
  const make = async (): Promise<string> => {
    const { findings } = await lookForDrift(view, ownNamespace);
    return JSON.stringify(countKinds(findings));
  };
  while (!signal.aborted) {
    await delay(everyMs / ASKS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const counted = await computeOncePerInterval(redis, prefix, { name: 'drift', everyMs, make });
      metrics.found(counted === undefined ? undefined : countsSchema.parse(JSON.parse(counted)));
    } catch (error) {
      metrics.found(undefined);
      logger.debug({ error: messageOf(error) }, 'Drift could not be looked for');
    }
  }
}

/** How often each process polls for the reading while another takes it. */
const ASKS = 4;

const countsSchema = z.record(z.string(), z.number()).catch({});

/** Every kind has a number; 0 means that it was checked and none was found. */
function countKinds(findings: readonly Finding[]): Readonly<Record<string, number>> {
  return Object.fromEntries(DRIFT_KINDS.map((kind) => [kind, findings.filter((each) => each.kind === kind).length]));
}
