import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeTransport } from '@meshkeeper/kubernetes';

export type Watched<T> = {
  /** The whole collection, at the start and after every disturbance. */
  onList(items: readonly T[]): void;
  onSet(item: T): void;
  onDelete(item: T): void;
};

export type Watch = { stop(): Promise<void> };

type List<T> = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly T[] };
type WatchEvent<T> = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; readonly object: T };
type Versioned = { readonly metadata: { readonly resourceVersion?: string } };

/** Milliseconds before the next list after any failure; the sandbox's server is on the same machine. */
const RELIST_MS = 500;

/**
 * Follows whole objects of one collection, such as `/api/v1/pods`; the feeds of `libs/kubernetes` reduce them. Any failure, an expired
 * revision included, ends in a fresh list: a machine of one's own is small enough for that.
 */
export function listAndWatch<T extends Versioned>(transport: KubeTransport, path: string, watched: Watched<T>): Watch {
  const abort = new AbortController();
  const { signal } = abort;
  const done = (async () => {
    while (!signal.aborted) {
      try {
        await follow(transport, path, watched, signal);
      } catch {
        if (!signal.aborted) await sleep(RELIST_MS);
      }
    }
  })();
  return {
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

async function follow<T extends Versioned>(
  transport: KubeTransport,
  path: string,
  watched: Watched<T>,
  signal: AbortSignal,
): Promise<void> {
  const list = await transport.call<List<T>>({ method: 'GET', path, signal });
  watched.onList(list.items);
  let { resourceVersion } = list.metadata;
  while (!signal.aborted) {
    const query = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: '300', resourceVersion };
    for await (const line of transport.stream({ method: 'GET', path, query, signal })) {
      const { type, object } = JSON.parse(line) as WatchEvent<T>;
      if (type === 'ERROR') throw new Error(`The watch of ${path} ended: ${line.slice(0, 300)}`);
      resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
      if (type === 'DELETED') watched.onDelete(object);
      else if (type !== 'BOOKMARK') watched.onSet(object);
    }
  }
}
