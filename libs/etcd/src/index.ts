/**
 * The client of the mesh's etcd: keys, transactions, leases, and a watch that loses no event. Every call throws CallError; a compacted
 * revision arrives from a watch as data.
 */
export { createEtcdClient, type EtcdClient } from './etcd-client.ts';
export type { EtcdOp, EtcdTxnResult } from './txn.ts';
export { parseEtcdConnection, readKvStore } from './etcd-connection.ts';
export type { EtcdEntry } from './etcd-entries.ts';
export type { EtcdRangeResult } from './etcd-range.ts';
export type { EtcdEvent, EtcdWatchBatch } from './etcd-watch.ts';
