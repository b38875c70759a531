import type { JsonObject, KubeObject } from '@meshkeeper/domain';

/**
 * The PersistentVolumeClaims that a storage Secret names, sorted, each once: entries of type `pvc` with a text `name`. Nothing else of
 * it goes any further. Each entry is read alone, and one that is no JSON object is nobody's claim.
 */
export function decodeStorageSecret(object: KubeObject): JsonObject {
  const data = (object['data'] ?? {}) as Readonly<Record<string, string>>;
  const claims = Object.values(data).flatMap((encoded) => {
    const { type, name } = parseEntry(encoded);
    return type === 'pvc' && typeof name === 'string' && name !== '' ? [name] : [];
  });
  return { claims: [...new Set(claims)].sort() };
}

function parseEntry(encoded: string): { readonly type?: unknown; readonly name?: unknown } {
  try {
    const entry: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    return typeof entry === 'object' && entry !== null ? entry : {};
  } catch {
    return {};
  }
}
