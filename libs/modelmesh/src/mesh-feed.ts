import {
  CallError,
  MESH_SOURCE,
  toRecordChange,
  type Change,
  type MeshRecords,
  type MeshTable,
  type ServerHead,
  type SourceFeed,
} from '@meshkeeper/domain';
import type { EtcdClient } from './etcd-client.ts';
import { namespacedRootPrefix, parseRecordKey, recordKey } from './record-keys.ts';

export type MeshFeedOptions = {
  readonly etcd: EtcdClient;
  /** The controller's own namespace, whose mesh keeps its records directly under the root prefix. */
  readonly ownNamespace: string;
  /** Name of the inference Service, which is part of every key. */
  readonly service: string;
};

/** MM_KVSTORE_PREFIX of every pod that the controller renders. */
const KV_PREFIX = 'mm';

/** The VModel and registry records of all meshes under one root prefix, as one source. */
export function createMeshFeed(options: MeshFeedOptions): SourceFeed {
  const { etcd } = options;
  const prefix = `${etcd.rootPrefix}/`;
  return {
    source: MESH_SOURCE,
    async readHead(): Promise<ServerHead> {
      const { revision, identity } = await etcd.readHead();
      return { head: String(revision), identity };
    },
    async *list() {
      for await (const { revision, entries } of etcd.rangePrefix(prefix)) {
        yield {
          revision: String(revision),
          changes: entries.flatMap(({ key, value, modRevision }) => toChange(options, key, value, modRevision)),
        };
      }
    },
    async *watch(from, signal) {
      for await (const batch of etcd.watchPrefix({ prefix, fromRevision: BigInt(from) + 1n, signal })) {
        if (batch.kind === 'compacted')
          throw new CallError('Gone', `etcd has compacted revision ${from}`, { code: 'Compacted' });
        // A progress answer may run ahead of events still to come: it proves that the watch lives, and moves no cursor.
        const changes = batch.kind === 'events' ? batch.events : [];
        const to = batch.kind === 'events' ? String(batch.revision) : from;
        from = to;
        yield {
          to,
          changes: changes.flatMap(({ kind, key, value, modRevision }) =>
            toChange(options, key, kind === 'put' ? value : undefined, modRevision),
          ),
        };
      }
    },
  };
}

/** None when the key is no VModel or model of a mesh of ours: instances and leaders come and go in the same range. */
function toChange(
  { etcd, ownNamespace, service }: MeshFeedOptions,
  key: string,
  value: string | undefined,
  revision: bigint,
): Change[] {
  const parsed = parseRecordKey(etcd.rootPrefix, key);
  if (parsed === undefined || parsed.service !== service || parsed.kvPrefix !== KV_PREFIX) return [];
  if (parsed.table !== 'vmodels' && parsed.table !== 'registry') return [];
  const table: MeshTable = parsed.table;
  return [
    toRecordChange({
      namespace: parsed.namespace ?? ownNamespace,
      table,
      id: parsed.id,
      value,
      revision: String(revision),
    }),
  ];
}

/** Reads single records by the same names. */
export function createMeshRecords(options: MeshFeedOptions): MeshRecords {
  const { etcd, ownNamespace, service } = options;
  return {
    async readVModel(namespace, vModelId) {
      const rootPrefix =
        namespace === ownNamespace ? etcd.rootPrefix : namespacedRootPrefix(etcd.rootPrefix, namespace);
      const { revision, entry } = await etcd.get(
        recordKey({ rootPrefix, kvPrefix: KV_PREFIX, service }, 'vmodels', vModelId),
      );
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
