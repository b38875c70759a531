import { ChannelCredentials, type Channel, type ChannelOptions } from '@grpc/grpc-js';
import { Metadata } from 'nice-grpc-common';
import {
  createChannel,
  createClientFactory,
  type CallOptions,
  type Client,
  type ClientMiddlewareCall,
  type CompatServiceDefinition,
} from 'nice-grpc';
import type { CallError } from '@meshkeeper/domain/call-error';
import { callWithDeadline, toCallError, wasNeverSent, isConnectionFailure } from '@meshkeeper/grpc/typed';
import type { EtcdConnection } from './etcd-connection.ts';
import {
  AuthDefinition,
  KVDefinition,
  LeaseDefinition,
  WatchDefinition,
  type TxnRequest,
  type TxnResponse,
} from './gen/etcd/rpc.ts';
import { plainTxn, type Txn } from './plain-txn.ts';

export type EtcdServices = {
  readonly kv: Client<typeof KVDefinition>;
  readonly lease: Client<typeof LeaseDefinition>;
  readonly watch: Client<typeof WatchDefinition>;
};

/** One channel for each endpoint of which one is in use; the next takes over when it cannot be reached. */
export type EtcdTransport = {
  /**
   * A unary call with a deadline. It goes to further endpoints only while it was surely not sent.
   * @throws CallError
   */
  unary<T>(what: string, call: (services: EtcdServices, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** The same for the one call that is made thousands of times. */
  txn(request: TxnRequest): Promise<TxnResponse>;
  /** For streams, whose errors the caller hands back through `failed`. */
  current(): EtcdServices;
  /** Translates a stream's error, and moves on to the next endpoint if the connection broke. */
  failed(error: unknown): CallError;
  close(): void;
};

/**
 * grpc-js sends no pings and reconnects lazily by default: a half-open connection would hang a watch for ever. etcd refuses
 * pings closer than 5 s, and without a running call.
 */
const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  // nice-grpc reads this as the time limit of one connection attempt.
  'grpc.min_reconnect_backoff_ms': 3_000,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': -1,
  'grpc.use_local_subchannel_pool': 1,
};

type Endpoint = EtcdServices & { readonly channel: Channel; readonly txn: Txn };

export function createEtcdTransport(connection: EtcdConnection, timeoutMs: number): EtcdTransport {
  const endpoints = connection.endpoints.map((address) => openEndpoint(address, connection, timeoutMs));
  let index = 0;
  const current = () => endpoints[index] as Endpoint;
  const failed = (error: unknown): CallError => {
    const failure = toCallError(error);
    if (isConnectionFailure(failure) || failure.code === 'DEADLINE_EXCEEDED') index = (index + 1) % endpoints.length;
    return failure;
  };
  const onOneThatAnswers = async <T>(call: (endpoint: Endpoint) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call(current());
      } catch (error) {
        const failure = failed(error);
        if (!wasNeverSent(failure) || attempt >= endpoints.length) throw failure;
      }
    }
  };
  return {
    current,
    failed,
    unary: (what, call) =>
      onOneThatAnswers((endpoint) => callWithDeadline(timeoutMs, `etcd ${what}`, (signal) => call(endpoint, signal))),
    txn: (request) => onOneThatAnswers(({ txn }) => txn(request)),
    close: () => {
      for (const endpoint of endpoints) endpoint.channel.close();
    },
  };
}

function openEndpoint(address: string, connection: EtcdConnection, timeoutMs: number): Endpoint {
  const { tls, user } = connection;
  const credentials = tls === undefined ? ChannelCredentials.createInsecure() : secureCredentials(tls);
  const name = tls?.overrideAuthority;
  const options = name === undefined ? CHANNEL_OPTIONS : { ...CHANNEL_OPTIONS, 'grpc.ssl_target_name_override': name };
  const channel = createChannel(address, credentials, options);
  const plain = createClientFactory();
  const factory =
    user === undefined ? plain : plain.use(tokenMiddleware(plain.create(AuthDefinition, channel), user, timeoutMs));
  const open = <S extends CompatServiceDefinition>(definition: S) => factory.create(definition, channel);
  const kv = open(KVDefinition);
  // A user's token is nice-grpc's to add.
  const withToken: Txn = (request) => callWithDeadline(timeoutMs, 'etcd txn', (signal) => kv.txn(request, { signal }));
  const txn = user === undefined ? plainTxn(channel, credentials, timeoutMs) : withToken;
  return { channel, txn, kv, lease: open(LeaseDefinition), watch: open(WatchDefinition) };
}

function secureCredentials(tls: NonNullable<EtcdConnection['tls']>): ChannelCredentials {
  const bytes = (pem: string | undefined) => (pem === undefined ? null : Buffer.from(pem));
  return ChannelCredentials.createSsl(bytes(tls.ca), bytes(tls.clientKey), bytes(tls.clientCertificate));
}

/** etcd's user and password give a token that expires; a refused token is asked for anew with the next call. */
function tokenMiddleware(
  auth: Client<typeof AuthDefinition>,
  user: NonNullable<EtcdConnection['user']>,
  timeoutMs: number,
) {
  let token: Promise<string> | undefined;
  const ask = async () => {
    const reply = await callWithDeadline(timeoutMs, 'etcd authenticate', (signal) =>
      auth.authenticate(user, { signal }),
    );
    return reply.token;
  };
  return async function* withToken<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    token ??= ask();
    try {
      const metadata = Metadata(options.metadata).set('token', await token);
      return yield* call.next(call.request, { ...options, metadata });
    } catch (error) {
      token = undefined;
      throw error;
    }
  };
}
