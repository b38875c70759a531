import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { ACCEPTED_ENCODINGS, decompress } from '../message/decompress.ts';
import { customMetadata, valueOf, type HeaderList } from '../message/headers.ts';
import { MessageReader } from '../message/message-reader.ts';
import { assertSendable } from '../message/metadata.ts';
import { refusalOf, statusError, toFailure, toLoss } from './read-answer.ts';
import { RpcError } from '../message/status.ts';
import { formatTimeout, startDeadline } from '../message/timeout.ts';
import { writeOnlyMessage } from '../message/write-message.ts';

export type OutgoingCall = {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Custom metadata. */
  readonly headers?: HeaderList;
  readonly message: Buffer;
  /** Its reason is what the call rejects with when that is an RpcError, else CANCELLED. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number | undefined;
};

export type Answer = {
  readonly message: Buffer;
  /** Custom metadata of the headers. */
  readonly headers: HeaderList;
};

/** One way to a peer: a session, and what every call on it has in common. */
export type Connection = {
  readonly session: ClientHttp2Session;
  /** The headers before the path. */
  readonly head: HeaderList;
  readonly maxMessageBytes: number;
  /** The last call that the peer will answer, once it has said so. */
  lastStreamId: number;
  /** Whether anything came in since the flag was last cleared. */
  heard: boolean;
  running: number;
  calls: number;
};

export type Done = { readonly resolve: (answer: Answer) => void; readonly reject: (error: RpcError) => void };

/** Makes one call; exactly one function of `done` is called, once. @throws RpcError when the headers cannot be sent */
export function startCall(connection: Connection, call: OutgoingCall, done: Done): void {
  const stream = connection.session.request(headersOf(connection, call));
  const ending = createEnding(connection, call, stream, done);
  receiveAnswer(connection, stream, ending);
  if (!ending.over) writeOnlyMessage(stream, call.message);
}

type Ending = {
  over: boolean;
  readonly succeed: (answer: Answer | Promise<Answer>) => void;
  readonly fail: (error: RpcError) => void;
};

/** Sees to it that a call ends once: with its answer, its failure, its time or its signal. */
function createEnding(connection: Connection, call: OutgoingCall, stream: ClientHttp2Stream, done: Done): Ending {
  const end = (): boolean => {
    if (ending.over) return false;
    ending.over = true;
    connection.running -= 1;
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', cancel);
    return true;
  };
  const fail = (error: RpcError): void => {
    if (!end()) return;
    // The rest of the answer is not needed. On a stream that has ended this does nothing.
    stream.close(constants.NGHTTP2_CANCEL);
    done.reject(error);
  };
  const succeed = (answer: Answer | Promise<Answer>): void => {
    if (!end()) return;
    if (answer instanceof Promise) answer.then(done.resolve, done.reject);
    else done.resolve(answer);
  };
  const cancel = (): void => fail(toCancellation(call.signal?.reason));
  const ending: Ending = { over: false, succeed, fail };
  connection.running += 1;
  connection.calls += 1;
  const timer = startDeadline(call.timeoutMs, () => fail(new RpcError('DEADLINE_EXCEEDED', 'Deadline exceeded')));
  if (call.signal?.aborted === true) cancel();
  else call.signal?.addEventListener('abort', cancel);
  return ending;
}

const END_STREAM = constants.NGHTTP2_FLAG_END_STREAM;

function receiveAnswer(connection: Connection, stream: ClientHttp2Stream, ending: Ending): void {
  const { session, maxMessageBytes } = connection;
  const reader = new MessageReader(maxMessageBytes);
  let head: HeaderList = [];
  let status = 0;
  let cause: Error | undefined;
  const settle = (list: HeaderList): void => {
    const error = statusError(list, head, status);
    if (error !== undefined) ending.fail(error);
    else if (reader.message === undefined)
      ending.fail(new RpcError('UNIMPLEMENTED', 'The answer is OK without a message'));
    else ending.succeed(toAnswer(reader.message, reader.compressed, head, maxMessageBytes));
  };
  stream.on('response', (headers: IncomingHttpHeaders, flags: number, raw?: HeaderList) => {
    connection.heard = true;
    head = raw ?? [];
    status = Number(headers[':status']);
    if ((flags & END_STREAM) !== 0) return settle(head);
    const refusal = refusalOf(headers, status);
    if (refusal !== undefined) ending.fail(refusal);
  });
  stream.on('data', (chunk: Buffer) => {
    if (ending.over) return;
    connection.heard = true;
    const fault = reader.push(chunk);
    if (fault !== undefined) ending.fail(toFailure(fault, reader.length, maxMessageBytes));
  });
  stream.on('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw: HeaderList) => settle(raw));
  stream.on('error', (error: Error) => {
    cause = error;
  });
  stream.on('close', () => {
    if (ending.over) return;
    // Some servers write the status into the first headers though a message follows.
    if (valueOf(head, 'grpc-status') !== undefined) settle(head);
    else ending.fail(toLoss(session, connection.lastStreamId, stream, cause));
  });
}

function toAnswer(message: Buffer, compressed: boolean, head: HeaderList, maxBytes: number): Answer | Promise<Answer> {
  const headers = customMetadata(head);
  if (!compressed) return { message, headers };
  return decompress(message, valueOf(head, 'grpc-encoding'), maxBytes).then((plain) => ({ message: plain, headers }));
}

function headersOf({ head }: Connection, { path, headers, timeoutMs }: OutgoingCall): HeaderList {
  const own = headers === undefined ? [] : assertSendable(headers);
  const timeout = timeoutMs === undefined ? [] : ['grpc-timeout', formatTimeout(Math.max(0, timeoutMs))];
  return [...head, ':path', path, ...timeout, ...own];
}

/** What every call of a connection says first. */
export function commonHeaders(scheme: 'http' | 'https', authority: string, userAgent: string): HeaderList {
  const pseudo = [':method', 'POST', ':scheme', scheme, ':authority', authority];
  const types = ['content-type', 'application/grpc', 'te', 'trailers', 'grpc-accept-encoding', ACCEPTED_ENCODINGS];
  return [...pseudo, ...types, 'user-agent', userAgent];
}

/** What a call rejects with whose signal aborted for this reason. */
export function toCancellation(reason: unknown): RpcError {
  return reason instanceof RpcError ? reason : new RpcError('CANCELLED', 'The call was cancelled', { cause: reason });
}
