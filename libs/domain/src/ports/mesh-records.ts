import type { MeshRecordSeen } from '../to-change.ts';

/** A record of the mesh read once from etcd; `value` is undefined when it is gone, `revision` then etcd's own. Throws CallError. */
export type MeshRecords = { readVModel(namespace: string, vModelId: string): Promise<MeshRecordSeen> };
