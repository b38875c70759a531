import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ACCEPTED_ENCODINGS } from '../message/decompress.ts';
import type { HeaderList } from '../message/headers.ts';
import { assertSendable } from '../message/metadata.ts';
import { codeNumber, encodeMessage, RpcError } from '../message/status.ts';
import { framed, writeOnlyMessage } from '../message/write-message.ts';

/** What a handler answers: one message, or for the few streaming methods any number of them. */
export type Reply = { readonly headers?: HeaderList } & (
  | { readonly message: Buffer }
  | { readonly messages: AsyncIterable<Buffer> }
);

const HEAD: HeaderList = [':status', '200', 'content-type', 'application/grpc'];
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const WITHOUT_BODY = { endStream: true, sendDate: false };
const OK_TRAILERS = { 'grpc-status': '0' };

/** Answers a call with OK. @throws RpcError when the headers cannot be sent; then nothing was */
export function sendReply(stream: ServerHttp2Stream, message: Buffer, headers: HeaderList | undefined): void {
  respond(stream, headers);
  stream.on('wantTrailers', sendOk);
  writeOnlyMessage(stream, message);
}

/** Sends messages as they come, as fast as the client takes them, and leaves the status to `sendStatus`. */
export async function sendMessages(
  stream: ServerHttp2Stream,
  messages: AsyncIterable<Buffer>,
  headers: HeaderList | undefined,
): Promise<void> {
  respond(stream, headers);
  for await (const message of messages) {
    if (stream.closed || stream.writableEnded) return;
    if (!stream.write(framed(message))) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
  }
}

function respond(stream: ServerHttp2Stream, headers: HeaderList | undefined): void {
  const own = headers === undefined || headers.length === 0 ? HEAD : [...HEAD, ...assertSendable(headers)];
  stream.respond(own, WITH_TRAILERS);
}

function sendOk(this: ServerHttp2Stream): void {
  if (!this.destroyed && !this.closed) this.sendTrailers(OK_TRAILERS);
}

/** Ends a call after its messages, or instead of them; undefined is OK. Nothing is sent to a client that has gone away. */
export function sendStatus(stream: ServerHttp2Stream, error: RpcError | undefined): void {
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) {
    const trailers = error === undefined ? OK_TRAILERS : trailersOf(sendable(error));
    stream.on('wantTrailers', () => {
      if (!stream.destroyed && !stream.closed) stream.sendTrailers(trailers);
    });
    stream.end();
    return;
  }
  const status = error === undefined ? ['grpc-status', '0'] : headersOf(sendable(error));
  stream.respond([...HEAD, ...status], WITHOUT_BODY);
  stopRequest(stream);
}

/** Refuses what is no gRPC call at all. */
export function sendHttpStatus(stream: ServerHttp2Stream, status: 405 | 415): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond([':status', String(status)], WITHOUT_BODY);
  stopRequest(stream);
}

/** Lets a client that is still sending stop; it has its answer. */
function stopRequest(stream: ServerHttp2Stream): void {
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

function sendable(error: RpcError): RpcError {
  try {
    assertSendable(error.metadata);
    return error;
  } catch (cause) {
    return new RpcError(error.code, error.details, { cause });
  }
}

function headersOf(error: RpcError): HeaderList {
  const accepted = error.code === 'UNIMPLEMENTED' ? ['grpc-accept-encoding', ACCEPTED_ENCODINGS] : [];
  const status = ['grpc-status', String(codeNumber(error.code)), 'grpc-message', encodeMessage(error.details)];
  return [...status, ...accepted, ...error.metadata];
}

function trailersOf(error: RpcError): OutgoingHttpHeaders {
  const trailers: Record<string, string[]> = {};
  const list = headersOf(error);
  for (let i = 0; i < list.length; i += 2) (trailers[list[i] ?? ''] ??= []).push(list[i + 1] ?? '');
  return trailers;
}
