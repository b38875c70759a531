import { rootCertificates } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { noop } from 'cockatiel';
import { Etcd3, EtcdLeaseInvalidError, type IOptions } from 'etcd3';
import { CallError } from '@meshkeeper/domain/call-error';
import { isConnectionFailure, statusError, toCallError, wasNeverSent } from '@meshkeeper/grpc/typed';
import type { EtcdConnection, EtcdTls } from './etcd-connection.ts';
import { createRawClient, type RawClient } from './raw-client.ts';
import { createTokenSource, isTokenRefused, useTokens } from './token.ts';

/** One etcd member: etcd3's client, and ours for what carries the mesh's traffic. */
export type EtcdEndpoint = {
  readonly etcd: Etcd3;
  readonly raw: RawClient;
  /** The next call requests a new one. */
  forgetToken(): void;
  close(): void;
};

/** One client per endpoint, of which one is in use; the next takes over when it cannot be reached. */
export type EtcdEndpoints = {
  /**
   * A unary call, which ends at its deadline. It is sent to further endpoints only while it certainly reached none, and once more with a new
   * token when etcd refuses the token.
   * @throws CallError
   */
  call<T>(what: string, call: (endpoint: EtcdEndpoint) => Promise<T>): Promise<T>;
  /** The endpoint in use, for streams. Their callers pass errors to `failed`. */
  current(): EtcdEndpoint;
  /** Translates a stream's error, moves on to the next endpoint if the connection broke, and forgets a token that was refused. */
  failed(error: unknown): CallError;
  close(): void;
};

/**
 * grpc-js sends no pings and reconnects lazily by default: a half-open connection would stall a watch for ever. etcd refuses pings more
 * frequent than every 5 s, and pings on idle connections.
 */
const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': -1,
  'grpc.use_local_subchannel_pool': 1,
};

/** By default etcd3 sends a failed call three times, writes too, and sends none for 5 s after three failures: callers decide here. */
const NO_RETRIES: NonNullable<IOptions['faultHandling']> = { global: noop, host: () => noop };

const AUTHORITY = 'grpc.ssl_target_name_override';

export function openEndpoints(connection: EtcdConnection, timeoutMs: number): EtcdEndpoints {
  const clients = connection.endpoints.map((address) => openEndpoint(address, connection, timeoutMs));
  let index = 0;
  const current = (): EtcdEndpoint => clients[index] as EtcdEndpoint;
  const failed = (error: unknown): CallError => {
    const failure = toEtcdError(error);
    if (isConnectionFailure(failure) || failure.code === 'DEADLINE_EXCEEDED') index = (index + 1) % clients.length;
    if (isTokenRefused(failure)) current().forgetToken();
    return failure;
  };
  return {
    current,
    failed,
    async call(what, call) {
      let hasNewToken = false;
      let unreached = 0;
      for (;;) {
        try {
          return await call(current());
        } catch (error) {
          const failure = failed(error);
          if (failure.code === 'DEADLINE_EXCEEDED') throw noAnswer(what, timeoutMs, failure);
          if (isTokenRefused(failure) && !hasNewToken) hasNewToken = true;
          else if (wasNeverSent(failure) && unreached < clients.length - 1) unreached += 1;
          else throw failure;
        }
      }
    },
    close: () => {
      for (const client of clients) client.close();
    },
  };
}

function openEndpoint(address: string, { tls, user }: EtcdConnection, timeoutMs: number): EtcdEndpoint {
  const authority = tls?.overrideAuthority;
  const grpcOptions = authority === undefined ? CHANNEL_OPTIONS : { ...CHANNEL_OPTIONS, [AUTHORITY]: authority };
  const pem = tls && pemOf(tls);
  const options: IOptions = {
    hosts: tls === undefined ? address : `https://${address}`,
    faultHandling: NO_RETRIES,
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + timeoutMs }),
    grpcOptions,
    ...(pem && { credentials: pem }),
  };
  const [etcd, login] = [new Etcd3(options), new Etcd3(options)];
  const tokens = createTokenSource(login, user);
  useTokens(etcd, tokens);
  const credentials = pem
    ? ChannelCredentials.createSsl(pem.rootCertificate, pem.privateKey, pem.certChain)
    : ChannelCredentials.createInsecure();
  const raw = createRawClient(address, credentials, grpcOptions, { tokens, timeoutMs });
  const close = (): void => {
    for (const client of [etcd, login, raw]) client.close();
  };
  return { etcd, raw, forgetToken: () => tokens.invalidateMetadata(), close };
}

function pemOf({ ca, clientCertificate, clientKey }: EtcdTls): NonNullable<IOptions['credentials']> {
  return {
    rootCertificate: Buffer.from(ca ?? rootCertificates.join('\n')),
    ...(clientKey === undefined ? {} : { privateKey: Buffer.from(clientKey) }),
    ...(clientCertificate === undefined ? {} : { certChain: Buffer.from(clientCertificate) }),
  };
}

/**
 * etcd3 replaces grpc-js' errors by classes of its own and keeps only their text, `14 UNAVAILABLE: No connection established`, which it puts
 * inside another sentence for a lease that is gone.
 */
function toEtcdError(error: unknown): CallError {
  const text = error instanceof Error ? error.message : '';
  const [, status, details] = /(\d+) [A-Z_]+: (.*)$/s.exec(text) ?? [];
  if (status === undefined || details === undefined) return toCallError(error);
  return statusError(Number(status), error instanceof EtcdLeaseInvalidError ? LEASE_GONE : details, error);
}

const LEASE_GONE = 'etcdserver: requested lease not found';

function noAnswer(what: string, timeoutMs: number, cause: CallError): CallError {
  const message = `etcd ${what} got no answer within ${timeoutMs} ms`;
  return new CallError('Transient', message, { cause, code: 'DEADLINE_EXCEEDED' });
}
