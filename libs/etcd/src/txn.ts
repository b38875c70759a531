import type { Etcd3, ICompare, IRequestOp, IResponseOp } from 'etcd3';
import { firstEntry, revisionOf, type EtcdEntry } from './etcd-entries.ts';

/** Holds when the key's last change has this revision; 0n: the key does not exist. */
export type EtcdCompare = { readonly key: string; readonly modRevision: bigint };

export type EtcdOp =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease?: bigint }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string };

/** `success` is executed when all compares hold, else `failure`; either is one revision. */
export type EtcdTxn = {
  readonly compare: readonly EtcdCompare[];
  readonly success: readonly EtcdOp[];
  readonly failure?: readonly EtcdOp[];
};

export type EtcdTxnResult = {
  readonly succeeded: boolean;
  readonly revision: bigint;
  /** What the `get` operations of the executed branch found, in order. */
  readonly gets: readonly (EtcdEntry | undefined)[];
};

/** Rejects with etcd3's error. */
export type Txn = (txn: EtcdTxn) => Promise<EtcdTxnResult>;

/** A transaction through etcd3, which adds the token of a user. */
export function etcd3Txn({ kv }: Etcd3): Txn {
  return async ({ compare, success, failure = [] }) => {
    const reply = await kv.txn({
      compare: compare.map(toCompare),
      success: success.map(toRequestOp),
      failure: failure.map(toRequestOp),
    });
    const gets = reply.responses.flatMap((response: Partial<IResponseOp>) =>
      response.response_range ? [firstEntry(response.response_range.kvs)] : [],
    );
    return { succeeded: reply.succeeded, revision: revisionOf(reply.header), gets };
  };
}

function toCompare({ key, modRevision }: EtcdCompare): ICompare {
  return { key: Buffer.from(key), result: 'Equal', target: 'Mod', mod_revision: String(modRevision) };
}

function toRequestOp(op: EtcdOp): IRequestOp {
  const key = Buffer.from(op.key);
  if (op.kind === 'put') return { request_put: { key, value: Buffer.from(op.value), lease: String(op.lease ?? 0n) } };
  return op.kind === 'delete' ? { request_delete_range: { key } } : { request_range: { key } };
}
