import type { DeletionBrake } from '@meshkeeper/domain';
import { redisKeys } from './redis-keys.ts';
import { RedisScript } from './redis-script.ts';
import type { EventLogOptions } from './recorder.ts';

const script = new RedisScript('brake');
/** Law 13: more than this share of a namespace's VModels, and at least so many, within this time. */
const WINDOW_MS = 60_000;
const LEAST = 20;
const SHARE_PERCENT = 20;

/** One for all reconcilers, since any of them may make the next deletion. */
export function createDeletionBrake({ redis, prefix, now = Date.now }: EventLogOptions): DeletionBrake {
  const keys = redisKeys(prefix);
  return {
    async permit(namespace: string, source: string) {
      const names = [
        keys.deletions(namespace),
        keys.brake(namespace),
        keys.source(source),
        keys.index(`vmodels:${namespace}`),
      ];
      const limits = { windowMs: WINDOW_MS, least: LEAST, sharePercent: SHARE_PERCENT };
      return (await script.run(redis, names, { prefix, now: now(), id: crypto.randomUUID(), ...limits })) as
        | 'go'
        | 'wait'
        | 'held';
    },
  };
}
