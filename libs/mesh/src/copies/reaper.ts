import type { Logger } from '@meshkeeper/process';
import { messageOf } from '@meshkeeper/domain';
import type { Changed } from '../records/cluster-view.ts';
import { loadAhead, type AheadOptions } from './load-ahead.ts';
import { noteGone, prune, type GoneSince } from './prune.ts';
import { retryFailed, type Retries, type RetryOptions } from './retry-failed.ts';

const PASS_MS = 30_000;
/** Loading ahead of use takes its time, as in the original, so that a cluster that starts serves requests first … */
const FIRST_AHEAD_MS = 120_000;
const AHEAD_MS = 420_000;
/** … but what an instance held that is gone is soon to be elsewhere. */
const SOON_MS = 2_000;

export type ReaperOptions = AheadOptions & RetryOptions & { readonly isLeading: () => boolean };

/**
 * What only the leader does, again and again: clears the registry of what only it can clear, loads again what failed, and loads ahead
 * of use what is not loaded anywhere.
 */
export function startReaper(options: ReaperOptions): { stop(): Promise<void> } {
  const goneSince: GoneSince = new Map();
  const retries: Retries = new Map();
  let soon: NodeJS.Timeout | undefined;
  let pass: Promise<void> = Promise.resolve();
  let aheadAt = options.now() + FIRST_AHEAD_MS;
  const lead = async (): Promise<void> => {
    await attempt(() => prune(goneSince, options), options.logger);
    await attempt(() => retryFailed(retries, options), options.logger);
    if (options.now() < aheadAt) return;
    aheadAt = options.now() + AHEAD_MS;
    await attempt(() => loadAhead(options), options.logger);
  };
  const run = (): void => {
    noteGone(goneSince, options);
    if (!options.isLeading()) return;
    pass = pass.then(lead);
  };
  const timer = setInterval(run, PASS_MS);
  const isGone = ({ table, id }: Changed): boolean => table === 'instances' && !options.view.tables.instances.has(id);
  const unsubscribe = options.view.onChange((changed) => {
    if (!changed.some(isGone)) return;
    aheadAt = 0;
    clearTimeout(soon);
    soon = setTimeout(run, SOON_MS);
  });
  return {
    stop: async () => {
      unsubscribe();
      clearInterval(timer);
      clearTimeout(soon);
      await pass;
    },
  };
}

/** With etcd away a pass fails; the next one comes. */
async function attempt(run: () => Promise<void>, logger: Logger): Promise<void> {
  try {
    await run();
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, 'A pass of the leader failed');
  }
}
