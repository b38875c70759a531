import type { GatherRequest, LookedUp } from '@meshkeeper/domain';
import { gather } from './gather.ts';
import { readHistory } from './history.ts';
import type { EventLogOptions } from './recorder.ts';
import { readRunState } from './run-state.ts';

/** Everything known about a work key: what its plan would see, what made it due, and its runs. @throws CallError */
export async function lookUp(options: EventLogOptions, request: GatherRequest): Promise<LookedUp> {
  const { redis, prefix } = options;
  const [gathered, history, { runs, memory }] = await Promise.all([
    gather(options, request),
    readHistory(redis, prefix, request.key),
    readRunState(redis, prefix, request.key),
  ]);
  return { gathered, history, runs, memory };
}
