export type MeshTable = 'vmodels' | 'registry';

/** A record of the mesh as it is in etcd: `value` is its JSON text, undefined when the record is gone. */
export type MeshRecordSeen = {
  readonly namespace: string;
  readonly table: MeshTable;
  readonly id: string;
  readonly value: string | undefined;
  readonly revision: string;
};

/**
 * A record of the mesh read once from etcd; `value` is undefined when it is gone, `revision` then etcd's own. `service` is the name of
 * the inference Service, which is part of every record's key. Throws CallError.
 */
export type MeshRecords = { readVModel(service: string, namespace: string, vModelId: string): Promise<MeshRecordSeen> };
