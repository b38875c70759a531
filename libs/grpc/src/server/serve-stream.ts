import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { decompress, isKnownEncoding, tooLong } from '../message/decompress.ts';
import { isGrpc, valueOf, type HeaderList } from '../message/headers.ts';
import { IncomingCall, type ServerCall } from './incoming-call.ts';
import { MessageReader, type MessageFault } from '../message/message-reader.ts';
import { sendHttpStatus, sendMessages, sendReply, sendStatus, type Reply } from './send-reply.ts';
import { RpcError, toRpcError } from '../message/status.ts';
import { parseTimeout, startDeadline } from '../message/timeout.ts';

export type CallRules = {
  /** Answers a call whose message is there. What it throws other than an RpcError is INTERNAL. */
  readonly handle: (call: ServerCall) => Promise<Reply>;
  /** Refuses a call by its path and headers, before the message: streaming methods, for example, may never send their end. */
  readonly admit?: (path: string, headers: HeaderList) => RpcError | undefined;
  readonly maxMessageBytes: number;
};

/** Serves one HTTP/2 stream from its headers to its end. Never throws; nothing it starts outlives the stream. */
export function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: HeaderList,
  rules: CallRules,
): void {
  stream.on('error', ignore);
  if (headers[':method'] !== 'POST') return sendHttpStatus(stream, 405);
  if (!isGrpc(headers['content-type'])) return sendHttpStatus(stream, 415);
  const timeout = headers['grpc-timeout'];
  const timeoutMs = typeof timeout === 'string' ? parseTimeout(timeout) : undefined;
  const call = new IncomingCall(stream, raw, timeoutMs);
  const refusal =
    timeout !== undefined && timeoutMs === undefined
      ? new RpcError('INTERNAL', `Malformed grpc-timeout: ${String(timeout)}`)
      : refuse(call, rules);
  if (refusal === undefined) receive(stream, call, timeoutMs, rules);
  else sendStatus(stream, refusal);
}

/** Streams that fail are closed; that is all there is to know. */
function ignore(): void {}

function refuse({ path, headers }: IncomingCall, rules: CallRules): RpcError | undefined {
  const encoding = valueOf(headers, 'grpc-encoding');
  if (!isKnownEncoding(encoding)) return new RpcError('UNIMPLEMENTED', `Unknown grpc-encoding: ${encoding}`);
  try {
    return rules.admit?.(path, headers);
  } catch (error) {
    return toRpcError(error);
  }
}

function receive(stream: ServerHttp2Stream, call: IncomingCall, timeoutMs: number | undefined, rules: CallRules): void {
  const reader = new MessageReader(rules.maxMessageBytes);
  let over = false;
  const end = (): boolean => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    return true;
  };
  const fail = (error: unknown): void => {
    if (end()) sendStatus(stream, toRpcError(error));
  };
  const finish = (): void => {
    if (end()) sendStatus(stream, undefined);
  };
  const succeed = (reply: Reply): void => {
    if ('messages' in reply) sendMessages(stream, reply.messages, reply.headers).then(finish, fail);
    else if (end()) trySend(stream, reply.message, reply.headers);
  };
  const timer = startDeadline(timeoutMs, () => {
    const passed = new RpcError('DEADLINE_EXCEEDED', 'Deadline exceeded');
    fail(passed);
    call.abort(passed);
  });
  stream.on('data', (chunk: Buffer) => {
    if (over) return;
    const fault = reader.push(chunk);
    if (fault !== undefined) fail(toRefusal(fault, reader.length, rules.maxMessageBytes));
  });
  stream.on('end', () => {
    if (over) return;
    if (reader.message === undefined) fail(new RpcError('INTERNAL', 'The call ended before its message was whole'));
    else handle(call, reader, rules).then(succeed, fail);
  });
  stream.on('close', () => {
    if (end()) call.abort(new RpcError('CANCELLED', 'The client cancelled the call or was lost'));
  });
}

function handle(call: IncomingCall, reader: MessageReader, rules: CallRules): Promise<Reply> {
  call.message = reader.message ?? call.message;
  if (!reader.compressed) return invoke(call, rules);
  const encoding = valueOf(call.headers, 'grpc-encoding');
  return decompress(call.message, encoding, rules.maxMessageBytes).then((plain) => {
    call.message = plain;
    return invoke(call, rules);
  });
}

/** A handler may throw before it gives a promise. */
function invoke(call: ServerCall, rules: CallRules): Promise<Reply> {
  try {
    return rules.handle(call);
  } catch (error) {
    return Promise.reject(toRpcError(error));
  }
}

function trySend(stream: ServerHttp2Stream, message: Buffer, headers: HeaderList | undefined): void {
  if (stream.destroyed || stream.closed) return;
  try {
    sendReply(stream, message, headers);
  } catch (error) {
    sendStatus(stream, toRpcError(error));
  }
}

function toRefusal(fault: MessageFault, length: number, maxBytes: number): RpcError {
  switch (fault) {
    case 'too long':
      return tooLong('Request message', length, maxBytes);
    case 'second message':
      return new RpcError('UNIMPLEMENTED', 'Streaming not supported yet');
    case 'malformed':
      return new RpcError('INTERNAL', 'Malformed message prefix');
  }
}
