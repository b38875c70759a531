import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { LoadCause } from '@meshkeeper/placement';
import type { Logger } from '@meshkeeper/telemetry';
import type { Cluster } from '../records/cluster.ts';
import type { ClusterView } from '../records/cluster-view.ts';
import { createKeyedRuns } from '../keyed-runs.ts';
import type { MeshMetrics } from '../http/metrics.ts';
import { isLoadedOn } from '../rules/model-record.ts';
import { assign, evicted, loaded, loadFailed } from '../rules/models.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';
import type { ModelRuntime } from '../runtime/model-runtime.ts';
import { Copy } from './copy.ts';
import { Host, type LoadEnd } from './host.ts';
import type { HostSummary } from './limits.ts';

/**
 * Brings this instance's runtime to what the registry says of it, and tells the registry how loads ended and what was evicted.
 * Level-triggered: any change of a record that names us, or named us, is looked at anew.
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

export type LocalCopiesOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly runtime: ModelRuntime;
  readonly instanceId: string;
  readonly now: () => number;
  readonly metrics: MeshMetrics;
  readonly logger: Logger;
  readonly runtimeLost: () => void;
  /** The summary changed. */
  readonly changed: () => void;
};

/** Calls under way when a copy goes have so long to end, as in the original. */
const LAST_CALLS_MS = 120_000;

/** With thousands of copies to begin with, whatever else wants to write to etcd must not wait for all of them. */
const RUNS_AT_ONCE = 32;

type Context = LocalCopiesOptions & {
  readonly host: Host;
  readonly copies: Map<string, Copy>;
  readonly again: (modelId: string) => void;
  readonly arrived: (modelId: string) => void;
};

export function startLocalCopies(options: LocalCopiesOptions): LocalCopies {
  const { view, instanceId } = options;
  const copies = new Map<string, Copy>();
  const arrivals = new Map<string, Set<() => void>>();
  const settle = (modelId: string): Promise<void> => settleCopy(modelId, context);
  const runs = createKeyedRuns('local copy', settle, options.logger, RUNS_AT_ONCE);
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

async function lostItsPlace(id: string, lastUsed: number, { copies, again }: Context): Promise<void> {
  const copy = copies.get(id);
  copy?.become({ kind: 'evicted', lastUsed });
  again(id);
  await copy?.leave(LAST_CALLS_MS);
}

/** Calls under way get the runtime's own word. */
function lose(copy: Copy, { host, again }: Context): void {
  if (copy.state.kind === 'failed') return;
  copy.become({ kind: 'evicted', lastUsed: copy.lastUsed });
  host.lost(copy.id);
  again(copy.id);
}

function reload(copy: Copy, context: Context): void {
  const { copies, host, view } = context;
  const stored = view.tables.registry.get(copy.id);
  copies.delete(copy.id);
  host.lost(copy.id);
  if (stored?.kind === 'record') begin(copy.id, stored.record, copy.start, 'request', context);
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

async function settleCopy(modelId: string, context: Context): Promise<void> {
  const { view, instanceId, copies, host } = context;
  const stored = view.tables.registry.get(modelId);
  // Of a record that cannot be read nothing is known: what is loaded stays.
  if (stored?.kind === 'malformed') return;
  const record = stored?.record;
  const start = record?.instanceIds[instanceId];
  const copy = copies.get(modelId);
  if (copy !== undefined && copy.start !== start) {
    copies.delete(modelId);
    copy.wasTold();
    if (copy.state.kind === 'coming' || copy.state.kind === 'loaded') host.drop(modelId, copy.leave(LAST_CALLS_MS));
  }
  context.arrived(modelId);
  if (record === undefined || start === undefined) return;
  host.touch(modelId, Number(record.lu));
  if (copy?.start === start) await tell(copy, record, context);
  else if (isLoadedOn(record, instanceId)) await takeUpAgain(modelId, start, context);
  else begin(modelId, record, start, 'background', context);
}

/** The record speaks of a copy that this process does not have, or has no more. It is loaded anew, and said so first. */
async function takeUpAgain(modelId: string, start: number, { store, instanceId, now }: Context): Promise<void> {
  await changeModel(store, modelId, (record) =>
    record.instanceIds[instanceId] === start ? assign(record, instanceId, Math.max(now(), start + 1)) : undefined,
  );
}

function begin(modelId: string, record: ModelRecord, start: number, cause: LoadCause, context: Context): void {
  const lastUsed = Number(record.lu);
  context.copies.set(modelId, new Copy(modelId, start, lastUsed));
  const { type, mPath: path, encKey: key } = record;
  context.host.add({ id: modelId, type, path, key, lastUsed }, cause);
  context.arrived(modelId);
}

function loadEnded(id: string, end: LoadEnd, { copies, logger, again }: Context): void {
  const copy = copies.get(id);
  if (copy === undefined) return;
  logger.debug({ modelId: id, ...end }, 'Load ended');
  if (end.kind === 'loaded') {
    copy.maxConcurrency = end.maxConcurrency;
    copy.become({ kind: 'loaded', at: end.at });
  } else copy.become({ kind: 'failed', message: end.message });
  again(id);
}

/** Writes what became of the copy, once. */
async function tell(copy: Copy, seen: ModelRecord, context: Context): Promise<void> {
  const { store, instanceId, now } = context;
  const { state, start, id } = copy;
  if (state.kind === 'coming' || (state.kind === 'loaded' && isLoadedOn(seen, instanceId))) return;
  await changeModel(store, id, (record) => {
    if (record.instanceIds[instanceId] !== start) return undefined;
    if (state.kind === 'evicted') return evicted(record, instanceId, state.lastUsed, now());
    if (state.kind === 'failed')
      return loadFailed(id, record, instanceId, state.message, context.cluster.loadContext(record, { backoffMs: 0 }));
    return isLoadedOn(record, instanceId) ? undefined : loaded(record, instanceId, Math.max(state.at, start));
  });
  copy.wasTold();
  if (state.kind !== 'loaded' && context.copies.get(id) === copy) context.copies.delete(id);
}
