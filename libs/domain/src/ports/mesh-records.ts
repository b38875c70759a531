import type { MeshRecordSeen } from '../to-change.ts';

/**
 * A record of the mesh read once from etcd; `value` is undefined when it is gone, `revision` then etcd's own. `service` is the name of
 * the inference Service, which is part of every record's key. Throws CallError.
 */
export type MeshRecords = { readVModel(service: string, namespace: string, vModelId: string): Promise<MeshRecordSeen> };
