import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { PeerCertificate, SecureContext } from 'node:tls';
import { RpcError } from '../message/status.ts';
import { CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES } from '../message/windows.ts';

export type ChannelTarget = { readonly host: string; readonly port: number } | { readonly path: string };

/** Read at every connect: a getter may give what is in force then. */
export type ChannelTls = {
  /** PEM; the system's authorities when absent. */
  readonly ca?: string | Buffer;
  readonly key?: string | Buffer;
  readonly cert?: string | Buffer;
  /** The name that the certificate must bear; the host when absent. */
  readonly servername?: string;
  /** In the place of ca, key and cert. */
  readonly secureContext?: SecureContext;
  /** In the place of the check of the name. */
  readonly checkServerIdentity?: (host: string, shown: PeerCertificate) => Error | undefined;
  /** False accepts the certificate of any server: for `restProxy.skipVerify`, which the original's proxy has too. True when absent. */
  readonly rejectUnauthorized?: boolean;
};

export type ConnectOptions = {
  readonly tls?: ChannelTls;
  /** From the first packet to the peer's HTTP/2 settings. */
  readonly connectTimeoutMs: number;
};

/** `host:port` as a URL and the `:authority` header have it. */
export function authorityOf(target: ChannelTarget): string {
  if ('path' in target) return 'localhost';
  return `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
}

/**
 * Opens a session and waits for the peer's settings: only they show that a server speaks HTTP/2 there, and not just a kernel
 * that accepts connections for a process that hangs. `begun` receives the session immediately, so that it can be ended before then.
 * @throws RpcError UNAVAILABLE, unsent
 */
export function connect(
  target: ChannelTarget,
  { tls, connectTimeoutMs }: ConnectOptions,
  begun: (session: ClientHttp2Session) => void,
): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const scheme = tls === undefined ? 'http' : 'https';
    const session = connectHttp2(`${scheme}://${authorityOf(target)}`, { ...sessionOptions(target), ...tls });
    begun(session);
    const fail = (text: string, cause?: unknown): void => {
      clearTimeout(timer);
      session.destroy();
      const peer = 'path' in target ? target.path : authorityOf(target);
      reject(new RpcError('UNAVAILABLE', `Cannot connect to ${peer}: ${text}`, { cause, unsent: true }));
    };
    const timer = setTimeout(() => fail(`no answer within ${connectTimeoutMs} ms`), connectTimeoutMs);
    // Stays for the session's life: its calls hear of its end themselves.
    session.on('error', (error: Error) => fail(error.message, error));
    // Node does not report TLS 1.3 alerts after the handshake, such as a missing certificate.
    session.socket.on('error', (error: Error) => fail(error.message, error));
    session.once('close', () => fail('the connection was closed'));
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      if (session.closed) return fail('the peer is shutting down');
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      resolve(session);
    });
  });
}

function sessionOptions(target: ChannelTarget) {
  return {
    settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
    // Megabytes for a whole connection; node's default of 10 would fail calls while two long messages are under way.
    maxSessionMemory: 4_096,
    strictSingleValueFields: false,
    noDelay: true,
    ...('path' in target && { createConnection: () => connectSocket(target.path) }),
  };
}
