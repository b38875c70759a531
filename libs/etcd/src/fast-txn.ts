import { Client, type ChannelCredentials, type ClientOptions } from '@grpc/grpc-js';
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  KVDefinition,
  TxnRequest,
  TxnResponse,
  type Compare,
  type KeyValue,
  type RequestOp,
} from './gen/etcd/txn.ts';
import type { EtcdEntry } from './etcd-entries.ts';
import type { EtcdCompare, EtcdOp, Txn } from './txn.ts';

const PATH = `/${KVDefinition.fullName}/${KVDefinition.methods.txn.name}`;

/**
 * The same transaction without etcd3's decoder, for the one call that an instance of the mesh makes for everything it writes
 * (docs/dependencies.md has the figures). Rejects with grpc-js' error.
 */
export function fastTxn(
  address: string,
  credentials: ChannelCredentials,
  options: ClientOptions,
  timeoutMs: number,
): { readonly txn: Txn; close(): void } {
  const client = new Client(address, credentials, options);
  return {
    txn: async ({ compare, success, failure = [] }) => {
      const request = {
        compare: compare.map(toCompare),
        success: success.map(toRequestOp),
        failure: failure.map(toRequestOp),
      };
      return toResult(await call(client, request, timeoutMs));
    },
    close: () => client.close(),
  };
}

function call(client: Client, request: TxnRequest, timeoutMs: number): Promise<TxnResponse> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + timeoutMs };
    client.makeUnaryRequest(
      PATH,
      encode,
      (bytes) => TxnResponse.decode(bytes),
      request,
      options,
      (error, reply) => {
        if (error === null && reply !== undefined) resolve(reply);
        else reject(error ?? new Error('etcd ended the transaction without an answer'));
      },
    );
  });
}

function encode(request: TxnRequest): Buffer {
  const bytes = TxnRequest.encode(request).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toResult({ succeeded, header, responses }: TxnResponse): Awaited<ReturnType<Txn>> {
  const gets = responses.flatMap(({ responseRange }) => (responseRange ? [entryOf(responseRange.kvs[0])] : []));
  return { succeeded, revision: header?.revision ?? 0n, gets };
}

function entryOf(kv: KeyValue | undefined): EtcdEntry | undefined {
  if (kv === undefined) return undefined;
  const { createRevision, modRevision, lease } = kv;
  return { key: kv.key.toString(), value: kv.value.toString(), createRevision, modRevision, lease };
}

function toCompare({ key, modRevision }: EtcdCompare): Compare {
  const [result, target] = [Compare_CompareResult.EQUAL, Compare_CompareTarget.MOD];
  return { key: Buffer.from(key), result, target, modRevision };
}

function toRequestOp(op: EtcdOp): RequestOp {
  const key = Buffer.from(op.key);
  if (op.kind === 'put')
    return { request: { $case: 'requestPut', value: { key, value: Buffer.from(op.value), lease: op.lease ?? 0n } } };
  return { request: { $case: op.kind === 'delete' ? 'requestDeleteRange' : 'requestRange', value: { key } } };
}
