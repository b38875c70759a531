import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type CallOptions,
  type ChannelCredentials,
  type ClientOptions,
  type ServiceError,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { openChannel, type Channel } from '../src/client/channel.ts';
import type { ConnectorOptions } from '../src/client/connector.ts';
import { customMetadata } from '../src/message/headers.ts';
import type { ServerCall } from '../src/server/incoming-call.ts';
import type { Reply } from '../src/server/send-reply.ts';
import { startGrpcServer, type GrpcServer, type GrpcServerOptions } from '../src/server/server.ts';
import { RpcError } from '../src/message/status.ts';

export const PATH = '/test.Bytes/Call';
/** The path that no shared server admits. */
export const NEVER = '/test.Bytes/Never';
export const MAX_BYTES = 16 * 1_048_576;

export const HELLO = Buffer.from('hello');
export const CALL = { path: PATH, message: HELLO };
export const soon = { timeoutMs: 5_000, intervalMs: 5 };

export const same = (bytes: Buffer): Buffer => bytes;

export type Handle = (call: ServerCall) => Promise<Reply>;

export const echo: Handle = ({ message }) => Promise.resolve({ message });

/** A server of ours. */
export function startWire(handle: Handle, options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer> {
  return startGrpcServer({
    on: { host: '127.0.0.1', port: 0 },
    handle,
    maxMessageBytes: MAX_BYTES,
    maxHeaderBytes: 8_192,
    ...options,
  });
}

/** A channel of ours. */
export function openWire(address: string, options: Partial<ConnectorOptions> = {}): Channel {
  const target = address.startsWith('/') ? { path: address } : targetOf(address);
  return openChannel(target, { maxMessageBytes: MAX_BYTES, connectTimeoutMs: 5_000, ...options });
}

function targetOf(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port = ''] = address.split(':');
  return { host, port: Number(port) };
}

/** A proxy: our server before our channel. */
export function startProxy(channel: Channel, options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer> {
  return startWire(
    ({ path, headers, message, signal, deadline }) =>
      channel.call({
        path,
        headers: customMetadata(headers),
        message,
        signal,
        timeoutMs: deadline === undefined ? undefined : deadline - performance.now(),
      }),
    options,
  );
}

export type Peer = { readonly call: Call; readonly client: Client; readonly close: () => void };
type Call = (message: Buffer, options?: PeerCall) => Promise<{ readonly message: Buffer; readonly metadata: Metadata }>;
type PeerCall = CallOptions & {
  readonly headers?: readonly (readonly [string, string | Buffer])[];
  readonly path?: string;
};

/** A client of @grpc/grpc-js. */
export function openPeer(
  address: string,
  secure: ChannelCredentials = credentials.createInsecure(),
  options: ClientOptions = {},
): Peer {
  const client = new Client(address, secure, { 'grpc.max_receive_message_length': -1, ...options });
  const call: Call = (message, { headers = [], path = PATH, ...options } = {}) =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      for (const [name, value] of headers) metadata.add(name, value);
      let got = new Metadata();
      client
        .makeUnaryRequest(path, same, same, message, metadata, options, (error, answer) => {
          if (error === null && answer !== undefined) resolve({ message: answer, metadata: got });
          else reject(error ?? new Error('no answer'));
        })
        .on('metadata', (metadata) => (got = metadata));
    });
  return { call, client, close: () => client.close() };
}

/** A server of ours for the tests of a file, whose calls `handle` answers, and a client of it. */
class SharedServer {
  handle: Handle = echo;
  server!: GrpcServer;
  peer!: Peer;

  async start(): Promise<void> {
    this.server = await startWire((call) => this.handle(call), {
      admit: (path) => (path === NEVER ? new RpcError('PERMISSION_DENIED', 'never') : undefined),
    });
    this.peer = openPeer(this.server.address);
  }

  async stop(): Promise<void> {
    this.peer.close();
    await this.server.stop(0);
  }

  /** A call that this handler answers, and all after it. */
  call(handle: Handle, message = HELLO, options: PeerCall = {}): ReturnType<Call> {
    this.handle = handle;
    return this.peer.call(message, options);
  }
}

export function useServer(): SharedServer {
  const shared = new SharedServer();
  beforeAll(() => shared.start());
  afterAll(() => shared.stop());
  return shared;
}

export type PeerHandler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;
export type PeerServer = { readonly server: Server; readonly address: string };

/** A server of @grpc/grpc-js on a free port, or on `unix:` and a path. */
export async function startPeer(
  handler: PeerHandler,
  options = {},
  on = '127.0.0.1:0',
  secure = ServerCredentials.createInsecure(),
): Promise<PeerServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1, ...options });
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService({ Call: { path: PATH, requestStream: false, responseStream: false, ...codec } }, { Call: handler });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(on, secure, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
  return { server, address: on.startsWith('unix:') ? on.slice('unix:'.length) : `127.0.0.1:${port}` };
}

/** `CODE text` of a call of ours that must fail. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof RpcError) return `${error.code} ${error.details}`;
    throw error;
  }
}

/** `number text` of a call of @grpc/grpc-js that must fail. */
export async function peerRefusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    const { code, details } = error as ServiceError;
    return `${code} ${details}`;
  }
}
