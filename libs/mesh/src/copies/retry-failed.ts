import { exponentialDelay } from '@meshkeeper/async';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { ClusterView } from '../records/cluster-view.ts';
import type { Cluster } from '../records/cluster.ts';
import type { Loading } from './loading.ts';
import { liveCopies } from '../rules/model-status.ts';
import { currentFailures, newestFailure } from '../rules/model-record.ts';

const FIRST_RETRY_MS = 60_000;
/** Failures are forgotten after this time, and the model would then count as never tried. */
const LONGEST_RETRY_MS = 600_000;
/** An unreachable storage fails thousands of models: they are not all retried together. */
const MOST_AT_ONCE = 50;

export type RetryOptions = {
  readonly view: ClusterView;
  readonly cluster: Cluster;
  readonly loading: Loading;
  readonly now: () => number;
};

/** How often each model was retried; forgotten once it has a copy again. */
export type Retries = Map<string, number>;

/** Loads again what failed and a vmodel still names, at growing intervals. A new leader starts with the shortest. */
export async function retryFailed(retries: Retries, { view, cluster, loading, now }: RetryOptions): Promise<void> {
  let begun = 0;
  for (const [id, stored] of view.tables.registry) {
    const isFailed = stored.kind === 'record' && hasFailed(stored.record, cluster);
    if (!isFailed) retries.delete(id);
    if (!isFailed || begun >= MOST_AT_ONCE) continue;
    const times = retries.get(id) ?? 0;
    const rest = exponentialDelay(times + 1, { firstMs: FIRST_RETRY_MS, longestMs: LONGEST_RETRY_MS });
    if (now() - newestFailure(stored.record) < rest) continue;
    retries.set(id, times + 1);
    begun += 1;
    await loading.start(id, { backoffMs: 0 });
  }
}

function hasFailed(record: ModelRecord, { liveness }: Cluster): boolean {
  return record.refs > 0 && currentFailures(record).length > 0 && liveCopies(record, liveness).length === 0;
}
