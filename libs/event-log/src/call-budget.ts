import type { CallBudget } from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import { redisKeys } from './redis-keys.ts';
import { asList, RedisScript } from './redis-script.ts';

export type CallBudgetOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  /** No second has more calls. */
  readonly perSecond: number;
};

const script = new RedisScript('take-budget');
/** One question to Redis answers for so many callers at most. */
const BATCH = 100;
/** A caller that has not come so long after its turn does not come any more. */
const FORGET_MS = 10_000;
/** This share of a second's calls may come together; the rest is spread, so that the sum never exceeds a second's budget. */
const AT_ONCE = 0.1;

type Asking = {
  readonly caller: string;
  readonly resolve: (waitMs: number) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * One budget for all processes, kept in Redis and measured on its clock. Requests made during a round trip join the next one, so a busy process
 * needs fewer round trips per call. @throws CallError `Transient`
 */
export function createCallBudget({ redis, prefix, perSecond }: CallBudgetOptions): CallBudget {
  const burst = Math.max(1, Math.floor(perSecond * AT_ONCE));
  const intervalUs = Math.ceil(1_000_000 / Math.max(1, perSecond - burst));
  const limits = { intervalUs, burst, forgetUs: FORGET_MS * 1_000 };
  const keys = redisKeys(prefix);
  const waiting = new Map<string, Asking[]>();
  const ask = async (of: string, askings: readonly Asking[]): Promise<void> => {
    const argument = { prefix, ...limits, callers: askings.map(({ caller }) => caller) };
    try {
      const waits = asList(await script.run(redis, [keys.budget(of), keys.turns(of)], argument)).map(Number);
      askings.forEach(({ resolve }, i) => resolve(waits[i] ?? 0));
    } catch (error) {
      for (const { reject } of askings) reject(error);
    }
  };
  const askAll = async (of: string, askings: Asking[]): Promise<void> => {
    while (askings.length > 0) await ask(of, askings.splice(0, BATCH));
    waiting.delete(of);
  };
  return {
    take: (of, caller) =>
      new Promise((resolve, reject) => {
        const asking = { caller, resolve, reject };
        const others = waiting.get(of);
        if (others !== undefined) {
          others.push(asking);
          return;
        }
        const askings = [asking];
        waiting.set(of, askings);
        void askAll(of, askings);
      }),
  };
}
