import type { BeginAnswer, FinishAnswer, Lease, Run, RunEnd, RunLedger } from '@meshkeeper/domain';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';
import { asTexts, RedisScript } from './redis-script.ts';
import type { EventLogOptions } from './recorder.ts';

const scripts = {
  begin: new RedisScript('begin-run'),
  finish: new RedisScript('finish-run'),
  sweep: new RedisScript('sweep'),
};
const rethrow = (error: unknown): never => {
  throw redisError(error);
};
const SWEEP_LIMIT = 500;
/** All processes together sweep about once in this time, so that nothing waits two seconds. */
const SWEEP_EVERY_MS = 900;

/** Who runs which key: begin, finish and sweep, each one atomic step. */
export function createRunLedger(options: EventLogOptions): RunLedger {
  const { redis, prefix, queue } = options;
  const keys = redisKeys(prefix);
  const now = options.now ?? Date.now;
  const pair = (key: string): readonly string[] => [keys.key(key), keys.due];
  return {
    async begin(key: string, lease: Lease, forced: boolean): Promise<BeginAnswer> {
      const argument = { prefix, queue, key, job: lease.jobId, token: lease.token, forced };
      const [status, dueCount, fencingToken, failures, streak, markedAt, memory = '', ...cause] = asTexts(
        await scripts.begin.run(redis, pair(key), argument),
      );
      if (status === 'lost' || status === 'busy' || status === 'idle') return { status };
      const run: Run = {
        dueCount: Number(dueCount),
        fencingToken: Number(fencingToken),
        failures: Number(failures),
        streak: Number(streak),
        markedAt: markedAt === '' ? undefined : Number(markedAt),
        cause,
        memory,
      };
      return { status: 'ok', run };
    },
    async finish(key: string, lease: Lease, run: Run, end: RunEnd): Promise<FinishAnswer> {
      const { ok, deadline, gone, memory } = end;
      const { dueCount, fencingToken } = run;
      const job = { prefix, queue, key, job: lease.jobId, token: lease.token };
      const outcome = {
        dueCount,
        fencingToken,
        ok,
        error: end.error.slice(0, 1_000),
        deadline,
        gone,
        memory,
        now: now(),
      };
      const [status, behind, failures] = asTexts(await scripts.finish.run(redis, pair(key), { ...job, ...outcome }));
      return { status: status === 'ok' ? 'ok' : 'lost', behind: Number(behind) > 0, failures: Number(failures) };
    },
    async latestRun(key: string): Promise<number> {
      return Number((await redis.hget(keys.key(key), 'runs').catch(rethrow)) ?? '0');
    },
    async sweep(): Promise<readonly string[]> {
      const argument = { prefix, queue, now: now(), limit: SWEEP_LIMIT, intervalMs: SWEEP_EVERY_MS };
      const [, ...found] = asTexts(await scripts.sweep.run(redis, [keys.due], argument));
      return found;
    },
  };
}
