import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@meshkeeper/domain';
import type { EtcdClient } from '@meshkeeper/etcd';
import type { Logger, Stoppable } from '@meshkeeper/process';
import type { ClusterView, Seen } from './cluster-view.ts';

const RETRY_MS = 250;

/**
 * Keeps the view current: list, then watch from the revision after the list's. Any trouble with the watch, compaction
 * included, starts again with a list. `ready` resolves once the first list is applied.
 */
export function followRecords(
  etcd: EtcdClient,
  view: ClusterView,
  logger: Logger,
): Stoppable & { readonly ready: Promise<void> } {
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const done = follow(etcd, view, logger, stop.signal, ready.resolve);
  return {
    ready: ready.promise,
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

async function follow(
  etcd: EtcdClient,
  view: ClusterView,
  logger: Logger,
  signal: AbortSignal,
  listed: () => void,
): Promise<void> {
  let store = { identity: '', revision: 0n };
  let healthy = true;
  while (!signal.aborted) {
    try {
      // Our own writes are known before the watch shows them.
      const highest = view.highest();
      const head = await etcd.readHead();
      // A restored or replaced etcd counts from elsewhere: nothing known compares with its revisions.
      const isBehind = head.revision < store.revision || head.revision < highest;
      if (head.identity !== store.identity || isBehind) view.forgetRevisions();
      const revision = await list(etcd, view);
      store = { identity: head.identity, revision };
      listed();
      if (!healthy) logger.info('Following the records in etcd again');
      healthy = true;
      for await (const reached of watch(etcd, view, revision, signal)) store = { ...store, revision: reached };
    } catch (error) {
      if (healthy && !signal.aborted) logger.warn({ reason: messageOf(error) }, 'Lost the records in etcd');
      healthy = false;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function prefixOf(view: ClusterView): string {
  const { rootPrefix, kvPrefix, service } = view.scope;
  return `${rootPrefix}/${kvPrefix}/${service}/`;
}

async function list(etcd: EtcdClient, view: ClusterView): Promise<bigint> {
  const seen: Seen[] = [];
  let revision = 0n;
  for await (const page of etcd.rangePrefix(prefixOf(view))) {
    revision = page.revision;
    seen.push(...page.entries);
  }
  view.replace(revision, seen);
  view.reached(revision);
  return revision;
}

/** Folds each batch and reports the revision reached: a watch ends by an error, and its progress must outlive it. */
async function* watch(
  etcd: EtcdClient,
  view: ClusterView,
  listed: bigint,
  signal: AbortSignal,
): AsyncGenerator<bigint> {
  for await (const batch of etcd.watchPrefix({ prefix: prefixOf(view), fromRevision: listed + 1n, signal })) {
    if (batch.kind !== 'events') continue;
    view.fold(batch.events.map((event) => ({ ...event, value: event.kind === 'put' ? event.value : undefined })));
    view.reached(batch.revision);
    yield batch.revision;
  }
}
