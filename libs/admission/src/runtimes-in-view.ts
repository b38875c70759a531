import { FORM, KINDS, messageOf, visibleRuntimes } from '@meshkeeper/domain';
import { gather } from '@meshkeeper/event-log';
import type { AdmissionMetrics } from '@meshkeeper/metrics';
import type { Logger } from '@meshkeeper/process';
import type { Redis } from 'ioredis';
import type { RuntimesOf } from './review-inference-service.ts';

export type ViewOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  readonly metrics: AdmissionMetrics;
  readonly logger: Logger;
};

/** The author of an object waits for the answer: a warning is not worth more of their time. */
const LIMIT_MS = 500;
const { servingRuntimes, clusterServingRuntimes } = KINDS;
const SOURCES = [servingRuntimes.source, clusterServingRuntimes.source];

/**
 * Reads the runtimes from the view. While Redis is away, or a kind is incomplete, nothing is concluded, and only the
 * metric records it: a missing warning does no harm, a wrong one does.
 */
export function createRuntimesOf(options: ViewOptions): RuntimesOf {
  const { redis, metrics, logger } = options;
  return async (namespace) => {
    try {
      // A call would wait in line until Redis is back.
      if (redis.status !== 'ready') throw new Error(`Redis is ${redis.status}`);
      const gathered = await within(LIMIT_MS, readFacts(options, namespace));
      const isComplete = SOURCES.every((source) => gathered.sources[source]?.complete === true);
      metrics.lookedUp(isComplete ? 'known' : 'incomplete');
      const [ofNamespace = {}, ofCluster = {}] = gathered.facts;
      return isComplete ? visibleRuntimes(ofNamespace, ofCluster) : undefined;
    } catch (error) {
      metrics.lookedUp('skipped');
      logger.debug({ namespace, problem: messageOf(error) }, 'The runtimes are not known: no warning about the format');
      return undefined;
    }
  };
}

function readFacts({ redis, prefix }: ViewOptions, namespace: string): ReturnType<typeof gather> {
  // It reads, so that the queue and its locks do not matter; and it is no work key's plan, so that it owns nothing.
  const log = { redis, prefix, form: FORM, queue: '', lockDurationMs: 0 };
  const facts = [
    { source: servingRuntimes.source, namespace },
    { source: clusterServingRuntimes.source, namespace: '' },
  ];
  return gather(log, { key: '', sources: SOURCES, facts, objects: [], indexes: [] });
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
