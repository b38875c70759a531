import { exponentialDelay } from '@meshkeeper/async';
import { messageOf } from '@meshkeeper/domain/call-error';
import { connect, authorityOf, type ChannelTarget, type ConnectOptions } from './connect.ts';
import { keepAlive } from '../message/keep-alive.ts';
import { commonHeaders, type Connection } from './outgoing-call.ts';
import { RpcError } from '../message/status.ts';

export type ConnectorOptions = ConnectOptions & {
  readonly maxMessageBytes: number;
  /** With calls under way and no sign of the peer for so long it is pinged, and given up when it is silent once more. */
  readonly keepAliveMs?: number;
  /** Between two attempts to connect, at most; 2 s when absent. */
  readonly maxBackoffMs?: number;
};

export type Connector = {
  /** The connection that takes new calls, if there is one right now. */
  readonly current: () => Connection | undefined;
  /** The one attempt to connect. @throws RpcError UNAVAILABLE, unsent; immediately during the back-off */
  readonly open: () => Promise<Connection>;
  /** Refuses new calls; running ones are completed. */
  readonly close: () => void;
};

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;
/** Clients that lost a peer together do not return together. */
const JITTER = [0.8, 1.2] as const;
const USER_AGENT = 'meshkeeper';

/** Keeps at most one connection to a peer that takes new calls. Connects only when asked, and ever more rarely when it fails. */
export function createConnector(target: ChannelTarget, options: ConnectorOptions): Connector {
  const head = commonHeaders(options.tls === undefined ? 'http' : 'https', authorityOf(target), USER_AGENT);
  let connection: Connection | undefined;
  let attempt: Promise<Connection> | undefined;
  let begun: { destroy(): void } | undefined;
  let failures = 0;
  let retryAt = 0;
  let lastError: RpcError | undefined;
  let closed = false;

  const tryToOpen = async (): Promise<Connection> => {
    try {
      const session = await connect(target, options, (session) => (begun = session));
      failures = 0;
      connection = toConnection(session, head, options);
      return connection;
    } catch (error) {
      const failure = error instanceof RpcError ? error : unavailable(messageOf(error), error);
      failures += 1;
      const { maxBackoffMs: longestMs = LONGEST_BACKOFF_MS } = options;
      retryAt =
        performance.now() + exponentialDelay(failures, { firstMs: FIRST_BACKOFF_MS, longestMs, jitter: JITTER });
      lastError = failure;
      throw failure;
    } finally {
      attempt = undefined;
      begun = undefined;
    }
  };
  return {
    current: () => (connection?.session.closed === false && !connection.session.destroyed ? connection : undefined),
    open: () => {
      if (closed) return Promise.reject(unavailable('The channel was closed'));
      if (attempt !== undefined) return attempt;
      if (lastError !== undefined && performance.now() < retryAt) return Promise.reject(lastError);
      attempt = tryToOpen();
      return attempt;
    },
    close: () => {
      closed = true;
      begun?.destroy();
      connection?.session.close();
    },
  };
}

function toConnection(
  session: Connection['session'],
  head: Connection['head'],
  { maxMessageBytes, keepAliveMs }: ConnectorOptions,
): Connection {
  const connection: Connection = {
    session,
    head,
    maxMessageBytes,
    lastStreamId: Infinity,
    heard: false,
    running: 0,
    calls: 0,
  };
  session.on('goaway', (_code: number, lastStreamId: number) => {
    connection.lastStreamId = lastStreamId;
  });
  if (keepAliveMs !== undefined) keepAlive(connection, keepAliveMs);
  return connection;
}

function unavailable(text: string, cause?: unknown): RpcError {
  return new RpcError('UNAVAILABLE', text, { cause, unsent: true });
}
