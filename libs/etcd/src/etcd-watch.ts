import type { IEvent, IWatchRequest, IWatchResponse } from 'etcd3';
import { CallError } from '@meshkeeper/domain/call-error';
import type { EtcdEndpoints } from './etcd-endpoints.ts';
import { revisionOf, toEntry } from './etcd-entries.ts';
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
 * - `compacted`: what was asked for is gone; list again. The iteration ends.
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

/** The part of grpc-js' duplex stream that a watch uses; etcd3's type leaves out that it can be iterated. */
type WatchStream = AsyncIterable<IWatchResponse> & { write(request: IWatchRequest): void; cancel(): void };

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
  let stream: WatchStream | undefined;
  const cancel = (): void => stream?.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    stream = (await endpoints.current().etcd.watchClient.watch()) as unknown as WatchStream;
    if (signal.aborted) return;
    // The sending half stays open: etcd ends a watch whose client has finished sending.
    stream.write({ create_request: createRequest(prefix, fromRevision) });
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

function createRequest(prefix: string, fromRevision: bigint): IWatchRequest['create_request'] & object {
  return { ...keyRange(prefix), start_revision: String(fromRevision), progress_notify: true, fragment: true };
}

/** A response larger than the server's limit is split into fragments, which may split one revision: they are joined first. */
async function* toBatches(responses: AsyncIterable<IWatchResponse>): AsyncGenerator<EtcdWatchBatch> {
  let parts: IEvent[] = [];
  for await (const response of responses) {
    const compactRevision = BigInt(response.compact_revision);
    if (compactRevision > 0n) {
      yield { kind: 'compacted', compactRevision };
      return;
    }
    if (response.canceled) {
      throw new CallError('Transient', `etcd cancelled the watch: ${response.cancel_reason}`, { code: 'ABORTED' });
    }
    if (response.created) continue;
    parts.push(...response.events);
    if (response.fragment) continue;
    yield toBatch(parts, revisionOf(response.header));
    parts = [];
  }
}

function toBatch(parts: readonly IEvent[], headerRevision: bigint): EtcdWatchBatch {
  const events = parts.map(toEvent);
  const last = events.at(-1);
  if (last === undefined) return { kind: 'progress', revision: headerRevision };
  return { kind: 'events', revision: last.modRevision, events };
}

function toEvent({ type, kv }: IEvent): EtcdEvent {
  const { key, value, modRevision, createRevision } = toEntry(kv);
  return { kind: type === 'Delete' ? 'delete' : 'put', key, value, modRevision, createRevision };
}
