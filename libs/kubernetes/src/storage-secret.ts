import type { JsonObject, KubeObject } from '@meshkeeper/domain';

/**
 * Of a storage Secret the names of its entries, each with its type, and the PersistentVolumeClaims that entries of type `pvc` name,
 * sorted, each once. Nothing else of it goes any further. Each entry is read alone; what is no JSON object has no type.
 */
export function decodeStorageSecret(object: KubeObject): JsonObject {
  const data = (object['data'] ?? {}) as Readonly<Record<string, string>>;
  const entries = Object.entries(data).map(([name, encoded]) => [name, entryOf(encoded)] as const);
  const claims = entries.flatMap(([, { claim }]) => (claim === undefined ? [] : [claim]));
  return { claims: [...new Set(claims)].sort(), entries: Object.fromEntries(entries.toSorted(byName)) };
}

type Entry = { readonly type: string; readonly claim?: string };

/** The types that the puller knows; any other word in its place could be anything. */
const TYPES = ['s3', 'gcs', 'azure', 'http', 'pvc'];

function entryOf(encoded: string): Entry {
  const { type, name } = parseEntry(encoded);
  if (typeof type !== 'string' || !TYPES.includes(type)) return { type: '' };
  return type === 'pvc' && typeof name === 'string' && name !== '' ? { type, claim: name } : { type };
}

function parseEntry(encoded: string): { readonly type?: unknown; readonly name?: unknown } {
  try {
    const entry: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    return typeof entry === 'object' && entry !== null ? entry : {};
  } catch {
    return {};
  }
}

function byName([a]: readonly [string, Entry], [b]: readonly [string, Entry]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
