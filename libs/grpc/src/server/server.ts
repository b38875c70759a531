import type { X509Certificate } from 'node:crypto';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { Server as NetServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HeaderList } from '../message/headers.ts';
import { retire } from './retire.ts';
import { serveStream, type CallRules } from './serve-stream.ts';
import { CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES } from '../message/windows.ts';

export type ServerTls = {
  /** PEM. */
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** Who may have signed the clients' certificates. */
  readonly ca?: string | Buffer;
  /** Takes a certificate all the same that OpenSSL would not, for whatever reason. */
  readonly isTrusted?: (certificate: X509Certificate) => boolean;
  /** With OPTIONAL a client may show no certificate, but not a bad one. */
  readonly clientAuth: 'NONE' | 'REQUIRE' | 'OPTIONAL';
  readonly passphrase?: string;
};

/** Port 0 takes a free one; a path is that of a unix socket. */
export type ListenOn = { readonly host: string; readonly port: number } | { readonly path: string };

export type GrpcServerOptions = CallRules & {
  readonly on: ListenOn;
  readonly tls?: ServerTls;
  /** Above this a call is reset with ENHANCE_YOUR_CALM, which clients report as RESOURCE_EXHAUSTED. */
  readonly maxHeaderBytes: number;
  /** Connections are asked to end at this age, give or take a tenth, so that clients spread again over the servers. */
  readonly maxConnectionAgeMs?: number;
  /** How long the running calls of such a connection have; without it, as long as they take. */
  readonly maxConnectionAgeGraceMs?: number;
};

export type GrpcServer = {
  /** `host:port`, or the path of the socket. */
  readonly address: string;
  /** For connections from now on. @throws when the certificate is unfit; then nothing changes */
  readonly renewTls: (tls: ServerTls) => void;
  /** No new connections or calls; running calls have `graceMs` to end. May be called twice. */
  readonly stop: (graceMs: number) => Promise<void>;
};

/** A gRPC server of unary methods, whose messages stay bytes. @throws when it cannot listen or its certificate is unfit */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { maxConnectionAgeMs, maxConnectionAgeGraceMs } = options;
  let { tls } = options;
  const server =
    tls === undefined ? createServer(http2Options(options)) : createSecureServer(secureOptions(options, tls));
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let stopped: Promise<void> | undefined;
  server.on('connection', (socket: Socket) => track(sockets, socket));
  server.on('session', (session: ServerHttp2Session) => {
    if (tls !== undefined && !isWelcome(session, tls)) return session.destroy();
    track(sessions, session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    if (stopped !== undefined) session.close();
    else if (maxConnectionAgeMs !== undefined) limitAge(session, maxConnectionAgeMs, maxConnectionAgeGraceMs);
  });
  const serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: HeaderList): void =>
    serveStream(stream, headers, raw, options);
  server.on('stream', serve);
  await listen(server, options);

  const stop = async (graceMs: number): Promise<void> => {
    // Not http2's own close: it ends the sessions immediately, and calls in flight would be lost.
    NetServer.prototype.close.call(server);
    const cutOff = (): void => sockets.forEach((socket) => void socket.destroy());
    // A client that does not read would hold up even the end of a destroyed session.
    const limit = setTimeout(cutOff, graceMs + LAST_WORDS_MS);
    await Promise.all([...sessions].map((session) => retire(session, graceMs)));
    clearTimeout(limit);
    cutOff();
  };
  const renewTls = (renewed: ServerTls): void => {
    if (!('setSecureContext' in server)) throw new Error('A server without TLS cannot take it up');
    server.setSecureContext(pemOf(renewed));
    tls = renewed;
  };
  return { address: addressOf(server), renewTls, stop: (graceMs) => (stopped ??= stop(graceMs)) };
}

function track<T extends Socket | ServerHttp2Session>(all: Set<T>, one: T): void {
  all.add(one);
  one.once('close', () => all.delete(one));
}

function http2Options({ maxHeaderBytes }: GrpcServerOptions) {
  return {
    settings: { initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: maxHeaderBytes },
    // By bytes, not by number: a name and a value count as 32 bytes more than their length.
    maxHeaderListPairs: Math.ceil(maxHeaderBytes / 32),
    // Megabytes for a whole connection; node's default of 10 would refuse calls while two long messages are under way.
    maxSessionMemory: 4_096,
    // Every deadline that passes at a client is a reset: node's default of 33 a second would cut connections in an overload.
    streamResetBurst: 10_000,
    streamResetRate: 5_000,
    // `authorization` or `user-agent` twice is odd, but no reason to lose a call.
    strictSingleValueFields: false,
    noDelay: true,
    // Clients whose machine vanished: the kernel finds out.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  };
}

/** For the GOAWAY of sessions that are cut off. */
const LAST_WORDS_MS = 100;
const HANDSHAKE_TIMEOUT_MS = 10_000;

function secureOptions(options: GrpcServerOptions, tls: ServerTls) {
  return {
    ...http2Options(options),
    ...pemOf(tls),
    requestCert: tls.clientAuth !== 'NONE',
    rejectUnauthorized: tls.clientAuth === 'REQUIRE' && tls.isTrusted === undefined,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

function pemOf({ clientAuth: _auth, isTrusted: _isTrusted, ...pem }: ServerTls) {
  return pem;
}

/** Judges those whom the handshake did not refuse. */
function isWelcome({ socket }: ServerHttp2Session, { clientAuth, isTrusted }: ServerTls): boolean {
  if (clientAuth === 'NONE' || !(socket instanceof TLSSocket) || socket.authorized) return true;
  const shown = socket.getPeerX509Certificate();
  return shown === undefined ? clientAuth === 'OPTIONAL' : isTrusted?.(shown) === true;
}

function listen(server: Http2Server | Http2SecureServer, { on }: GrpcServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(on, () => {
      server.off('error', reject);
      // Running out of file descriptors, for example: the next connection may be lucky again.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function addressOf(server: Http2Server | Http2SecureServer): string {
  const address = server.address();
  if (address === null) throw new Error('The server does not listen');
  if (typeof address === 'string') return address;
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

function limitAge(session: ServerHttp2Session, ageMs: number, graceMs: number | undefined): void {
  const timer = setTimeout(() => void retire(session, graceMs), ageMs * (0.9 + Math.random() * 0.2));
  session.once('close', () => clearTimeout(timer));
}
