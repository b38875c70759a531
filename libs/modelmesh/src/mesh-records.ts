import type { MeshRecords } from '@meshkeeper/domain';
import type { EtcdClient } from '@meshkeeper/etcd';
import { KV_PREFIX, namespacedRootPrefix, recordKey } from './record-keys.ts';

/** Reads single records by the names that the feed of the mesh knows them by. */
export function createMeshRecords(options: { readonly etcd: EtcdClient; readonly ownNamespace: string }): MeshRecords {
  const { etcd, ownNamespace } = options;
  return {
    async readVModel(service, namespace, vModelId) {
      const rootPrefix =
        namespace === ownNamespace ? etcd.rootPrefix : namespacedRootPrefix(etcd.rootPrefix, namespace);
      const key = recordKey({ rootPrefix, kvPrefix: KV_PREFIX, service }, 'vmodels', vModelId);
      const { revision, entry } = await etcd.get(key);
      return {
        namespace,
        table: 'vmodels',
        id: vModelId,
        value: entry?.value,
        revision: String(entry?.modRevision ?? revision),
      };
    },
  };
}
