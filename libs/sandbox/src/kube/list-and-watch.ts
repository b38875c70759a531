import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from './kube-client.ts';
import type { ObjectMeta } from './objects.ts';

export type Watched<T> = {
  /** The whole collection, at the start and after every disturbance. */
  onList(items: readonly T[]): void;
  onSet(item: T): void;
  onDelete(item: T): void;
};

export type Watch = { stop(): Promise<void> };

type List<T> = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly T[] };
type WatchEvent<T> = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; readonly object: T };

/** Milliseconds before the next list after any failure; the sandbox's server is on the same machine. */
const RELIST_MS = 500;

/**
 * Follows one collection, such as `/api/v1/pods`. Any failure, an expired revision included, ends in a fresh list: a
 * machine of one's own is small enough for that.
 */
export function listAndWatch<T extends { readonly metadata: ObjectMeta }>(
  client: KubeClient,
  path: string,
  watched: Watched<T>,
): Watch {
  const abort = new AbortController();
  const done = (async () => {
    while (!abort.signal.aborted) {
      try {
        await follow(client, path, watched, abort.signal);
      } catch {
        if (!abort.signal.aborted) await sleep(RELIST_MS);
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

async function follow<T extends { readonly metadata: ObjectMeta }>(
  client: KubeClient,
  path: string,
  watched: Watched<T>,
  signal: AbortSignal,
): Promise<void> {
  const list = await client.call<List<T>>('GET', path);
  if (signal.aborted) return;
  watched.onList(list.items);
  let revision = list.metadata.resourceVersion;
  while (!signal.aborted) {
    const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${revision}`;
    for await (const line of client.lines(`${path}?${query}`, signal)) {
      const event = JSON.parse(line) as WatchEvent<T>;
      if (event.type === 'ERROR') throw new Error(`The watch of ${path} ended: ${line.slice(0, 300)}`);
      revision = event.object.metadata.resourceVersion ?? revision;
      if (event.type === 'DELETED') watched.onDelete(event.object);
      else if (event.type !== 'BOOKMARK') watched.onSet(event.object);
    }
  }
}
