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
      const args = [prefix, key, lease.jobId, keys.locks(queue), lease.token, forced ? '1' : '0'];
      const [status, dueCount, fencingToken, failures, streak, markedAt, memory = '', ...cause] = asTexts(
        await scripts.begin.run(redis, pair(key), args),
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
      const flags = [end.ok ? '1' : '0', end.deadline, end.error.slice(0, 1_000), end.gone ? '1' : '0'];
      const args = [
        prefix,
        key,
        lease.jobId,
        keys.locks(queue),
        lease.token,
        run.dueCount,
        run.fencingToken,
        ...flags,
        now(),
        end.memory === undefined ? '' : `=${end.memory}`,
      ];
      const [status, behind, failures] = asTexts(await scripts.finish.run(redis, pair(key), args));
      return { status: status === 'ok' ? 'ok' : 'lost', behind: Number(behind) > 0, failures: Number(failures) };
    },
    async latestRun(key: string): Promise<number> {
      return Number((await redis.hget(keys.key(key), 'q').catch(rethrow)) ?? '0');
    },
    async sweep(): Promise<readonly string[]> {
      const args = [prefix, keys.deduplication(queue), now(), SWEEP_LIMIT, SWEEP_EVERY_MS];
      const [, ...found] = asTexts(await scripts.sweep.run(redis, [keys.due], args));
      return found;
    },
  };
}
