import { createKeyedRuns } from '@meshkeeper/async';
import { retryLogger } from './retry-logger.ts';
import type { Copy } from './copy.ts';
import { Host } from './host.ts';
import type { HostSummary } from '../rules/host-limits.ts';
import {
  loadEnded,
  lose,
  lostItsPlace,
  reload,
  settleCopy,
  type Context,
  type LocalCopiesOptions,
} from './settle-copy.ts';

/**
 * Brings this instance's runtime to what the registry says of it, and tells the registry how loads ended and what was evicted.
 * Each change of a record that names us, or named us, only says where to look: a watch folds several into one, so none of them can be
 * taken for an order to load or to unload.
 */
export type LocalCopies = {
  readonly host: Host;
  get(modelId: string): Copy | undefined;
  /** Loaded, and takes calls. */
  holds(modelId: string): boolean;
  all(): Iterable<Copy>;
  /** The copy that the registry names us for, as soon as it is begun here; undefined when it does not, or not any more. */
  expect(modelId: string, signal: AbortSignal): Promise<Copy | undefined>;
  /** A request waits for it. */
  demand(copy: Copy): void;
  /** The runtime has lost it: it is loaded anew. The registry need not know: whoever is sent here waits. */
  lost(copy: Copy): void;
  /** The runtime has lost all: they are gone from here, and may be loaded elsewhere. */
  lostAll(): void;
  summary(): HostSummary;
  stop(): Promise<void>;
};

/** With thousands of copies to begin with, whatever else wants to write to etcd must not wait for all of them. */
const RUNS_AT_ONCE = 32;

export function startLocalCopies(options: LocalCopiesOptions): LocalCopies {
  const { view, instanceId } = options;
  const copies = new Map<string, Copy>();
  const arrivals = new Map<string, Set<() => void>>();
  const settle = (modelId: string): Promise<void> => settleCopy(modelId, context);
  const runs = createKeyedRuns(settle, retryLogger(options.logger, 'local copy'), RUNS_AT_ONCE);
  const host = new Host({
    ...options,
    ended: (id, end) => loadEnded(id, end, context),
    evicted: (id, lastUsed) => lostItsPlace(id, lastUsed, context),
  });
  const context: Context = {
    ...options,
    host,
    copies,
    again: (modelId) => runs.request(modelId),
    arrived: (modelId) => {
      for (const wake of arrivals.get(modelId) ?? []) wake();
    },
  };
  const names = (modelId: string) => view.copiesOn(instanceId).has(modelId);
  const unsubscribe = view.onChange((changed) => {
    for (const { table, id } of changed) if (table === 'registry' && (copies.has(id) || names(id))) runs.request(id);
  });
  for (const id of view.copiesOn(instanceId)) runs.request(id);
  return {
    host,
    get: (modelId) => copies.get(modelId),
    holds: (modelId) => copies.get(modelId)?.state.kind === 'loaded',
    all: () => copies.values(),
    expect: (modelId, signal) => expectCopy(modelId, signal, { copies, arrivals, names }),
    demand: (copy) => {
      if (copy.wanted) return;
      copy.wanted = true;
      host.demand(copy.id);
    },
    lost: (copy) => {
      if (copies.get(copy.id) === copy && copy.state.kind === 'loaded') reload(copy, context);
    },
    lostAll: () => {
      for (const copy of copies.values()) lose(copy, context);
    },
    summary: () => host.summary(),
    stop: async () => {
      unsubscribe();
      await runs.stop();
      host.stop();
    },
  };
}

type Arrivals = {
  readonly copies: ReadonlyMap<string, Copy>;
  readonly arrivals: Map<string, Set<() => void>>;
  readonly names: (modelId: string) => boolean;
};

async function expectCopy(
  modelId: string,
  signal: AbortSignal,
  { copies, arrivals, names }: Arrivals,
): Promise<Copy | undefined> {
  while (!copies.has(modelId) && names(modelId)) {
    const woken = Promise.withResolvers<void>();
    const waiting = arrivals.get(modelId) ?? new Set();
    arrivals.set(modelId, waiting.add(woken.resolve));
    signal.addEventListener('abort', () => woken.resolve(), { once: true });
    if (signal.aborted) woken.resolve();
    await woken.promise;
    waiting.delete(woken.resolve);
    if (waiting.size === 0) arrivals.delete(modelId);
    if (signal.aborted) return undefined;
  }
  const copy = copies.get(modelId);
  // One that is gone stays here until the registry says so, which may take as long as etcd is away.
  return copy?.state.kind === 'evicted' ? undefined : copy;
}
