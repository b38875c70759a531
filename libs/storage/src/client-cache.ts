import { createHash } from 'node:crypto';
import type { StorageClient, StorageConnection } from './provider.ts';

/** Clients by connection; each is closed when unused for a while. */
export type ClientCache = {
  /** Lends the connection's client, made when there is none. @throws what `open` throws; such a client is not kept. */
  use<T>(type: string, connection: StorageConnection, work: (client: StorageClient) => Promise<T>): Promise<T>;
  /** Closes all. */
  close(): Promise<void>;
  size(): number;
};

type Entry = { readonly client: StorageClient; users: number; timer: NodeJS.Timeout | undefined };

export function createClientCache(idleMs: number): ClientCache {
  const entries = new Map<string, Entry>();
  const borrow = (key: string, connection: StorageConnection): Entry => {
    const entry = entries.get(key) ?? { client: connection.open(), users: 0, timer: undefined };
    entries.set(key, entry);
    clearTimeout(entry.timer);
    entry.users += 1;
    return entry;
  };
  const giveBack = (key: string, entry: Entry): void => {
    entry.users -= 1;
    if (entry.users > 0 || entries.get(key) !== entry) return;
    entry.timer = setTimeout(() => {
      entries.delete(key);
      // There is no caller left to report a failed close to.
      entry.client.close().catch(() => {});
    }, idleMs).unref();
  };
  return {
    use: async (type, connection, work) => {
      const key = cacheKey(type, connection);
      const entry = borrow(key, connection);
      try {
        return await work(entry.client);
      } finally {
        giveBack(key, entry);
      }
    },
    close: async () => {
      const closing = [...entries.values()];
      entries.clear();
      for (const { timer } of closing) clearTimeout(timer);
      await Promise.allSettled(closing.map(({ client }) => client.close()));
    },
    size: () => entries.size,
  };
}

/** A digest, so that no credential stays in memory as the key of a map. */
function cacheKey(type: string, { fields }: StorageConnection): string {
  return createHash('sha256')
    .update(JSON.stringify([type, fields]))
    .digest('hex');
}
