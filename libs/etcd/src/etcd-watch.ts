import { CallError } from '@meshkeeper/domain/call-error';
import type { EtcdEndpoints } from './etcd-endpoints.ts';
import type { RawClient } from './raw-client.ts';
import { revisionOf, toEntry } from './etcd-entries.ts';
import { Event_EventType, type Event, type WatchResponse } from './gen/etcd/rpc.ts';
import { keyRange } from './etcd-range.ts';

export type EtcdEvent = {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  /** Empty for a deletion. */
  readonly value: string;
  /** A deletion carries its own revision. */
  readonly modRevision: bigint;
  /** 0n for a deletion. */
  readonly createRevision: bigint;
};

/**
 * - `events`: all events of one or more whole revisions, oldest first; `revision` is the last one's. Only this moves a
 *   cursor, and only once the batch is durably recorded: resume from `revision + 1n`.
 * - `progress`: the server has nothing up to `revision`. Never a cursor: a header may run ahead of events still to come.
 * - `compacted`: the requested revisions no longer exist; list again. The iteration ends.
 */
export type EtcdWatchBatch =
  | { readonly kind: 'events'; readonly revision: bigint; readonly events: readonly EtcdEvent[] }
  | { readonly kind: 'progress'; readonly revision: bigint }
  | { readonly kind: 'compacted'; readonly compactRevision: bigint };

export type EtcdWatchRequest = {
  readonly prefix: string;
  /** The first revision that is wanted. */
  readonly fromRevision: bigint;
  readonly signal: AbortSignal;
};

/**
 * Watches a prefix until `signal` is aborted or the start is compacted. The caller owns the cursor. etcd3's own watch is not used: it takes
 * its cursor from response headers and loses events when it resumes (docs/dependencies.md).
 * @throws CallError when the stream breaks for any other reason; resume after the last recorded revision
 */
export async function* watchEvents(
  endpoints: EtcdEndpoints,
  { prefix, fromRevision, signal }: EtcdWatchRequest,
): AsyncGenerator<EtcdWatchBatch> {
  if (signal.aborted) return;
  let stream: Awaited<ReturnType<RawClient['watch']>> | undefined;
  const cancel = (): void => stream?.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    stream = await endpoints.current().raw.watch();
    // The iteration reports errors; the one that `cancel` causes after its end has no other listener.
    stream.on('error', () => undefined);
    if (signal.aborted) return;
    // The sending half stays open: etcd ends a watch whose client has finished sending.
    const range = { ...keyRange(prefix), startRevision: fromRevision, progressNotify: true, fragment: true };
    stream.write({ createRequest: range });
    for await (const batch of toBatches(stream)) {
      yield batch;
      if (batch.kind === 'compacted') return;
    }
    if (!signal.aborted) throw new CallError('Transient', 'etcd ended the watch', { code: 'UNAVAILABLE' });
  } catch (error) {
    if (!signal.aborted) throw endpoints.failed(error);
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

/** A response larger than the server's limit is split into fragments, which may split one revision: they are joined first. */
async function* toBatches(responses: AsyncIterable<WatchResponse>): AsyncGenerator<EtcdWatchBatch> {
  let parts: Event[] = [];
  for await (const response of responses) {
    const { compactRevision } = response;
    if (compactRevision > 0n) {
      yield { kind: 'compacted', compactRevision };
      return;
    }
    if (response.canceled) {
      throw new CallError('Transient', `etcd cancelled the watch: ${response.cancelReason}`, { code: 'ABORTED' });
    }
    if (response.created) continue;
    parts.push(...response.events);
    if (response.fragment) continue;
    yield toBatch(parts, revisionOf(response.header));
    parts = [];
  }
}

function toBatch(parts: readonly Event[], headerRevision: bigint): EtcdWatchBatch {
  const events = parts.map(toEvent);
  const last = events.at(-1);
  if (last === undefined) return { kind: 'progress', revision: headerRevision };
  return { kind: 'events', revision: last.modRevision, events };
}

function toEvent({ type, kv }: Event): EtcdEvent {
  const { key = '', value = '', modRevision = 0n, createRevision = 0n } = kv === undefined ? {} : toEntry(kv);
  return { kind: type === Event_EventType.DELETE ? 'delete' : 'put', key, value, modRevision, createRevision };
}
