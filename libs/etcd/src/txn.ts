import type { EtcdEndpoint } from './etcd-endpoints.ts';
import { firstEntry, revisionOf, type EtcdEntry } from './etcd-entries.ts';
import { Compare_CompareResult, Compare_CompareTarget, type Compare, type RequestOp } from './gen/etcd/rpc.ts';

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

/** Rejects with grpc-js' error. */
export async function runTxn(
  { raw }: EtcdEndpoint,
  { compare, success, failure = [] }: EtcdTxn,
): Promise<EtcdTxnResult> {
  const { succeeded, header, responses } = await raw.txn({
    compare: compare.map(toCompare),
    success: success.map(toRequestOp),
    failure: failure.map(toRequestOp),
  });
  const gets = responses.flatMap(({ responseRange }) => (responseRange ? [firstEntry(responseRange.kvs)] : []));
  return { succeeded, revision: revisionOf(header), gets };
}

function toCompare({ key, modRevision }: EtcdCompare): Compare {
  const [result, target] = [Compare_CompareResult.EQUAL, Compare_CompareTarget.MOD];
  return { key: Buffer.from(key), result, target, modRevision };
}

function toRequestOp(op: EtcdOp): RequestOp {
  const key = Buffer.from(op.key);
  if (op.kind === 'put')
    return { request: { $case: 'requestPut', value: { key, value: Buffer.from(op.value), lease: op.lease ?? 0n } } };
  if (op.kind === 'delete') return { request: { $case: 'requestDeleteRange', value: { key } } };
  return { request: { $case: 'requestRange', value: { key, rangeEnd: Buffer.alloc(0), limit: 0n, revision: 0n } } };
}
