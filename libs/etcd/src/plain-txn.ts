import { Client, type Channel, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { CallError } from '@meshkeeper/domain/call-error';
import { statusError, toCallError } from '@meshkeeper/grpc/typed';
import { KVDefinition, TxnRequest, TxnResponse } from './gen/etcd/rpc.ts';

export type Txn = (request: TxnRequest) => Promise<TxnResponse>;

const PATH = `/${KVDefinition.fullName}/${KVDefinition.methods.txn.name}`;

/**
 * etcd's Txn without what nice-grpc puts around each call: an instance of the mesh makes it for everything that it writes. An etcd that
 * hangs is told the deadline, too, and drops what it finds too late. The promise rejects with CallError.
 */
export function plainTxn(channel: Channel, credentials: ChannelCredentials, timeoutMs: number): Txn {
  const client = new Client(channel.getTarget(), credentials, { channelOverride: channel });
  return (request) =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs };
      client.makeUnaryRequest(PATH, encode, decode, request, options, (error, reply) => {
        if (error === null && reply !== undefined) resolve(reply);
        else reject(toTxnError(error, timeoutMs));
      });
    });
}

function encode(request: TxnRequest): Buffer {
  const bytes = TxnRequest.encode(request).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decode(bytes: Buffer): TxnResponse {
  return TxnResponse.decode(bytes);
}

function toTxnError(error: ServiceError | null, timeoutMs: number): CallError {
  const failure = error === null ? toCallError(error) : statusError(error.code, error.details, error);
  if (failure.code !== 'DEADLINE_EXCEEDED') return failure;
  const message = `etcd txn got no answer within ${timeoutMs} ms`;
  return new CallError('Transient', message, { cause: error, code: 'DEADLINE_EXCEEDED' });
}
