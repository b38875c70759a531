import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { dirname } from 'node:path';
import { ServerError, Status } from 'nice-grpc-common';
import { messageOf } from '@meshkeeper/domain';
import type { Stoppable } from '@meshkeeper/telemetry';
import type { Endpoint } from './settings.ts';

export type UnaryCall = {
  /** `package.Service/Method`. */
  readonly method: string;
  /** As on the wire: values of `-bin` keys in base64. */
  readonly metadata: IncomingHttpHeaders;
  readonly message: Buffer;
  /** Aborted when the caller gave up. */
  readonly signal: AbortSignal;
};

export type UnaryAnswer = { readonly message: Uint8Array; readonly metadata?: Readonly<Record<string, string>> };

/** @throws ServerError with the code to answer; anything else is answered as INTERNAL */
export type AnswerUnary = (call: UnaryCall) => Promise<UnaryAnswer>;

const WINDOW_BYTES = 16 * 1024 * 1024;
const CONTENT_TYPE = { 'content-type': 'application/grpc+proto' };

/**
 * Serves every unary gRPC method, known or not, in bytes. It stands on HTTP/2 itself because a gRPC server answers only
 * methods that were named to it. @throws Error when the endpoint is taken
 */
export async function serveUnary(endpoint: Endpoint, answer: AnswerUnary): Promise<Stoppable> {
  const server = createServer({ settings: { initialWindowSize: WINDOW_BYTES } });
  const close = new Set<() => void>();
  server.on('session', (session) => {
    session.setLocalWindowSize(WINDOW_BYTES);
    const end = () => session.destroy();
    close.add(end);
    session.once('close', () => close.delete(end));
    session.on('error', end);
  });
  server.on('stream', (stream, headers) => void serveStream(stream, headers, answer));
  await listen(server, endpoint);
  return {
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const end of close) end();
      await closed;
    },
  };
}

async function listen(server: Http2Server, endpoint: Endpoint): Promise<void> {
  if (endpoint.kind === 'unix') {
    // The socket of a process that was killed stays behind, and would be refused as taken.
    await rm(endpoint.path, { force: true });
    await mkdir(dirname(endpoint.path), { recursive: true });
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(endpoint.kind === 'unix' ? { path: endpoint.path } : endpoint, resolve);
  await promise;
  server.off('error', reject);
}

async function serveStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, answer: AnswerUnary) {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  // A caller that resets the stream has said all with it; 'close' follows.
  stream.on('error', () => undefined);
  try {
    const message = unframed(Buffer.concat(await Array.fromAsync<Buffer>(stream)));
    const metadata = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
    const method = (headers[':path'] ?? '').slice(1);
    const answered = await answer({ method, metadata, message, signal: gone.signal });
    if (!stream.destroyed) sendAnswer(stream, answered);
  } catch (error) {
    if (!stream.destroyed && !stream.headersSent) sendRefusal(stream, error);
  }
}

/** A message is one byte (compressed or not), four of length, then itself. */
function unframed(body: Buffer): Buffer {
  if (body.length < 5 || body.length < 5 + body.readUInt32BE(1)) {
    throw new ServerError(Status.INVALID_ARGUMENT, 'The request has no whole message');
  }
  if (body[0] !== 0) throw new ServerError(Status.UNIMPLEMENTED, 'Compressed messages are not supported');
  return body.subarray(5, 5 + body.readUInt32BE(1));
}

function sendAnswer(stream: ServerHttp2Stream, { message, metadata = {} }: UnaryAnswer): void {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.respond({ ':status': 200, ...CONTENT_TYPE, ...metadata }, { waitForTrailers: true });
  stream.end(Buffer.concat([head, message]));
}

function sendRefusal(stream: ServerHttp2Stream, error: unknown): void {
  const known = error instanceof ServerError;
  const code = known ? error.code : Status.INTERNAL;
  const text = known ? error.details : messageOf(error);
  const status = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(text) };
  stream.respond({ ':status': 200, ...CONTENT_TYPE, ...status }, { endStream: true });
}
