import type { KeyValue, ResponseHeader } from './gen/etcd/rpc.ts';

export type EtcdEntry = {
  readonly key: string;
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** 0n when the key is attached to no lease. */
  readonly lease: bigint;
};

export function toEntry({ key, value, createRevision, modRevision, lease }: KeyValue): EtcdEntry {
  return { key: key.toString(), value: value.toString(), createRevision, modRevision, lease };
}

export function firstEntry([first]: readonly KeyValue[]): EtcdEntry | undefined {
  return first && toEntry(first);
}

export function revisionOf(header: ResponseHeader | undefined): bigint {
  return header?.revision ?? 0n;
}
