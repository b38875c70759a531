import { Client, type ChannelCredentials, type ClientDuplexStream, type ClientOptions } from '@grpc/grpc-js';
import {
  KVDefinition,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  WatchDefinition,
  WatchRequest,
  WatchResponse,
} from './gen/etcd/rpc.ts';
import type { TokenSource } from './token.ts';

/**
 * The calls that carry the mesh's traffic, with generated codecs on grpc-js: etcd3's decoder makes a mesh with 5,000 models start a third
 * slower (docs/dependencies.md has the figures). Calls reject with grpc-js' errors.
 */
export type RawClient = {
  range(request: RangeRequest): Promise<RangeResponse>;
  txn(request: TxnRequest): Promise<TxnResponse>;
  watch(): Promise<ClientDuplexStream<WatchRequest, WatchResponse>>;
  close(): void;
};

type Codec<T> = { encode(message: T): { finish(): Uint8Array }; decode(bytes: Uint8Array): T };
type Method<Request, Response> = {
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
};

const { range, txn } = KVDefinition.methods;
const RANGE = { path: pathOf(KVDefinition, range), request: RangeRequest, response: RangeResponse };
const TXN = { path: pathOf(KVDefinition, txn), request: TxnRequest, response: TxnResponse };
const WATCH = {
  path: pathOf(WatchDefinition, WatchDefinition.methods.watch),
  request: WatchRequest,
  response: WatchResponse,
};

/** Connects lazily. */
export function createRawClient(
  address: string,
  credentials: ChannelCredentials,
  options: ClientOptions,
  { tokens, timeoutMs }: { readonly tokens: TokenSource; readonly timeoutMs: number },
): RawClient {
  const client = new Client(address, credentials, options);
  const unary = async <Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> => {
    const metadata = await tokens.getMetadata();
    return new Promise((resolve, reject) => {
      const callOptions = { deadline: Date.now() + timeoutMs };
      const { path } = method;
      client.makeUnaryRequest(
        path,
        encoder(method.request),
        decoder(method.response),
        request,
        metadata,
        callOptions,
        (error, reply) => {
          if (error === null && reply !== undefined) resolve(reply);
          else reject(error ?? new Error('etcd ended the call without an answer'));
        },
      );
    });
  };
  return {
    range: (request) => unary(RANGE, request),
    txn: (request) => unary(TXN, request),
    watch: async () =>
      client.makeBidiStreamRequest(
        WATCH.path,
        encoder(WATCH.request),
        decoder(WATCH.response),
        await tokens.getMetadata(),
      ),
    close: () => client.close(),
  };
}

function pathOf(service: { readonly fullName: string }, { name }: { readonly name: string }): string {
  return `/${service.fullName}/${name}`;
}

function encoder<T>(codec: Codec<T>): (message: T) => Buffer {
  return (message) => {
    const bytes = codec.encode(message).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function decoder<T>(codec: Codec<T>): (bytes: Buffer) => T {
  return (bytes) => codec.decode(bytes);
}
