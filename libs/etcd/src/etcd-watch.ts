import { CallError } from '@meshkeeper/domain/call-error';
import { revisionOf, toEntry, type EtcdRangeResult } from './etcd-entries.ts';
import type { EtcdTransport } from './etcd-transport.ts';
import { Event_EventType, type Event } from './gen/etcd/kv.ts';
import type { WatchRequest, WatchResponse } from './gen/etcd/rpc.ts';

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

/** The end of the range of keys that start with `prefix`: its last byte counted up. All keys (`\0`) when there is none. */
function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last -= 1) {
    const byte = end[last] as number;
    if (byte < 0xff) {
      end[last] = byte + 1;
      return end.subarray(0, last + 1);
    }
  }
  return Buffer.from('\0');
}

function keyRange(prefix: string): { key: Buffer; rangeEnd: Buffer } {
  const key = Buffer.from(prefix);
  return { key: key.length === 0 ? Buffer.from('\0') : key, rangeEnd: prefixEnd(key) };
}

/**
 * Reads a prefix in pages. The first answer's revision (or the one given) pins all further pages, so they show one moment.
 * Always yields at least one page: an empty prefix has a revision too.
 * @throws CallError Conflict with code OUT_OF_RANGE when that revision is compacted meanwhile.
 */
export async function* rangePages(
  transport: EtcdTransport,
  prefix: string,
  revision: bigint,
  pageSize: number,
): AsyncGenerator<EtcdRangeResult> {
  const { key: start, rangeEnd } = keyRange(prefix);
  let key = start;
  let pinned = revision;
  for (;;) {
    const request = { key, rangeEnd, limit: BigInt(pageSize), revision: pinned };
    const reply = await transport.unary('range', ({ kv }, signal) => kv.range(request, { signal }));
    if (pinned === 0n) pinned = revisionOf(reply.header);
    yield { revision: pinned, entries: reply.kvs.map(toEntry), more: reply.more };
    const last = reply.kvs.at(-1);
    if (!reply.more || last === undefined) return;
    // The raw bytes, not the decoded key: another client's key need not be UTF-8.
    key = Buffer.concat([last.key, Buffer.from('\0')]);
  }
}

/**
 * Watches a prefix until `signal` is aborted or the start is compacted. The caller owns the cursor.
 * @throws CallError when the stream breaks for any other reason; resume after what was recorded.
 */
export async function* watchEvents(
  transport: EtcdTransport,
  request: EtcdWatchRequest,
): AsyncGenerator<EtcdWatchBatch> {
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  if (signal.aborted) return;
  try {
    const responses = transport.current().watch.watch(openStream(request, signal), { signal });
    for await (const batch of toBatches(responses)) {
      yield batch;
      if (batch.kind === 'compacted') return;
    }
    if (!request.signal.aborted) throw new CallError('Transient', 'etcd ended the watch', { code: 'UNAVAILABLE' });
  } catch (error) {
    if (!request.signal.aborted) throw transport.failed(error);
  } finally {
    stop.abort();
  }
}

/** Sends the one request, and keeps the sending half open: etcd ends a watch whose client has finished sending. */
async function* openStream(request: EtcdWatchRequest, signal: AbortSignal): AsyncGenerator<WatchRequest> {
  const create = {
    ...keyRange(request.prefix),
    startRevision: request.fromRevision,
    progressNotify: true,
    watchId: 0n,
    fragment: true,
  };
  yield { requestUnion: { $case: 'createRequest', value: create } };
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A response larger than the server's limit comes in fragments, which may part one revision: they are joined first. */
async function* toBatches(responses: AsyncIterable<WatchResponse>): AsyncGenerator<EtcdWatchBatch> {
  let parts: Event[] = [];
  for await (const response of responses) {
    if (response.compactRevision > 0n) {
      yield { kind: 'compacted', compactRevision: response.compactRevision };
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
