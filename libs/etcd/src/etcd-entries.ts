import type { IKeyValue, IResponseHeader } from 'etcd3';

export type EtcdEntry = {
  readonly key: string;
  readonly value: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** 0n when the key is attached to no lease. */
  readonly lease: bigint;
};

export function toEntry(kv: IKeyValue): EtcdEntry {
  return {
    key: kv.key.toString(),
    value: kv.value.toString(),
    createRevision: BigInt(kv.create_revision),
    modRevision: BigInt(kv.mod_revision),
    lease: BigInt(kv.lease),
  };
}

export function firstEntry(kvs: readonly IKeyValue[]): EtcdEntry | undefined {
  const [first] = kvs;
  return first && toEntry(first);
}

export function revisionOf(header: IResponseHeader): bigint {
  return BigInt(header.revision);
}
