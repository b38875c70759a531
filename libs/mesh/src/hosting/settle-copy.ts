import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { LoadCause } from '@meshkeeper/placement';
import type { Logger } from '@meshkeeper/process';
import type { MeshMetrics } from '../metrics/metrics.ts';
import type { Cluster } from '../records/cluster.ts';
import type { ClusterView } from '../records/cluster-view.ts';
import { changeModel, type RecordStore } from '../records/record-store.ts';
import { isLoadedOn } from '../rules/model-record.ts';
import { assign, evicted, loaded, loadFailed } from '../rules/models.ts';
import type { ModelRuntime } from '../runtime/model-runtime.ts';
import { Copy } from './copy.ts';
import type { Host, LoadEnd } from './host.ts';

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
  /** It went away, and has not said yet that it is back, empty. */
  readonly isRuntimeGone: () => boolean;
  /** The summary changed. */
  readonly changed: () => void;
};

/** What an instance's copies are settled with. */
export type Context = LocalCopiesOptions & {
  readonly host: Host;
  readonly copies: Map<string, Copy>;
  readonly again: (modelId: string) => void;
  readonly arrived: (modelId: string) => void;
};

/** Calls under way when a copy goes have so long to end, as in the original. */
const LAST_CALLS_MS = 120_000;

/** Brings one model to what the registry says of it here, or the registry to what became of it. */
export async function settleCopy(modelId: string, context: Context): Promise<void> {
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
  const copy = new Copy(modelId, start, lastUsed);
  context.copies.set(modelId, copy);
  const { type, mPath: path, encKey: key } = record;
  // A server that comes back may take a load before it says so, and drops it as it does.
  if (context.isRuntimeGone()) lose(copy, context);
  else context.host.add({ id: modelId, type, path, key, lastUsed }, cause);
  context.arrived(modelId);
}

export function loadEnded(id: string, end: LoadEnd, { copies, logger, again }: Context): void {
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

export async function lostItsPlace(id: string, lastUsed: number, { copies, again }: Context): Promise<void> {
  const copy = copies.get(id);
  copy?.become({ kind: 'evicted', lastUsed });
  again(id);
  await copy?.leave(LAST_CALLS_MS);
}

/** Calls under way get the runtime's own word. */
export function lose(copy: Copy, { host, again }: Context): void {
  if (copy.state.kind === 'failed') return;
  copy.become({ kind: 'evicted', lastUsed: copy.lastUsed });
  host.lost(copy.id);
  again(copy.id);
}

/** The record still names us for it, and need not change. */
export function reload(copy: Copy, context: Context): void {
  const { copies, host, view } = context;
  const stored = view.tables.registry.get(copy.id);
  copies.delete(copy.id);
  host.lost(copy.id);
  if (stored?.kind === 'record') begin(copy.id, stored.record, copy.start, 'request', context);
}
