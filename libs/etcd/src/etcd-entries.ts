import type { KeyValue } from './gen/etcd/kv.ts';
import type { ResponseHeader } from './gen/etcd/rpc.ts';

export type EtcdEntry = {
  readonly key: string;
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** 0n when the key hangs on no lease. */
  readonly lease: bigint;
};

export type EtcdRangeResult = {
  readonly revision: bigint;
  readonly entries: readonly EtcdEntry[];
  readonly more: boolean;
};

export function toEntry(kv: KeyValue): EtcdEntry {
  return {
    key: kv.key.toString(),
    value: kv.value.toString(),
    createRevision: kv.createRevision,
    modRevision: kv.modRevision,
    lease: kv.lease,
  };
}

export function revisionOf(header: ResponseHeader | undefined): bigint {
  return header?.revision ?? 0n;
}
