import type { KindName, KubeObject } from '@meshkeeper/domain';
import { decodeConfigMap } from './config-map.ts';
import { decodeStorageSecret } from './storage-secret.ts';

/** Foreign text inside an object is decoded at this edge; what follows sees typed values only. */
export function decoded(kind: KindName, object: KubeObject): KubeObject {
  if (kind === 'config') return { ...object, decoded: decodeConfigMap(object) };
  return kind === 'storageSecrets' ? { ...object, decoded: decodeStorageSecret(object) } : object;
}
