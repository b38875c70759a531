import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { tooLong } from '../message/decompress.ts';
import { customMetadata, isGrpc, valueOf, type HeaderList } from '../message/headers.ts';
import type { MessageFault } from '../message/message-reader.ts';
import {
  codeOfHttpStatus,
  codeOfReset,
  codeOfStatus,
  decodeMessage,
  RpcError,
  type FailureCode,
} from '../message/status.ts';

/** The failure in the trailers, which are the headers when nothing else arrived; undefined for OK. */
export function statusError(list: HeaderList, head: HeaderList, httpStatus: number): RpcError | undefined {
  const value = valueOf(list, 'grpc-status');
  if (value === undefined) return new RpcError(codeOfAnswer(httpStatus), `HTTP ${httpStatus} without a grpc-status`);
  const code = codeOfStatus(value);
  if (code === 'OK') return undefined;
  const metadata = customMetadata(list === head ? list : [...head, ...list]);
  return new RpcError(code, decodeMessage(valueOf(list, 'grpc-message') ?? ''), { metadata });
}

function codeOfAnswer(httpStatus: number): FailureCode {
  return httpStatus === 200 ? 'INTERNAL' : codeOfHttpStatus(httpStatus);
}

/** An answer with a body that is no gRPC message, such as the error page of a proxy between. */
export function refusalOf(headers: IncomingHttpHeaders, httpStatus: number): RpcError | undefined {
  if (headers['grpc-status'] !== undefined) return undefined;
  if (httpStatus !== 200) return new RpcError(codeOfHttpStatus(httpStatus), `HTTP ${httpStatus}`);
  const type = headers['content-type'];
  if (isGrpc(type)) return undefined;
  return new RpcError('UNKNOWN', `HTTP 200 with content-type ${type}`);
}

/** What is wrong with the body of an answer. */
export function toFailure(fault: MessageFault, length: number, maxBytes: number): RpcError {
  switch (fault) {
    case 'too long':
      return tooLong('Response message', length, maxBytes);
    case 'second message':
      return new RpcError('UNIMPLEMENTED', 'More than one message came as the answer');
    case 'malformed':
      return new RpcError('INTERNAL', 'Malformed message prefix');
  }
}

/** What became of a stream that closed without a status. */
export function toLoss(
  session: ClientHttp2Session,
  lastStreamId: number,
  stream: ClientHttp2Stream,
  cause?: Error,
): RpcError {
  const reset = stream.rstCode;
  // An id is given when the request is handed to the session; one above the peer's last was never looked at.
  if (stream.id === undefined || stream.id > lastStreamId || reset === constants.NGHTTP2_REFUSED_STREAM) {
    return new RpcError('UNAVAILABLE', 'The call was not taken', { cause, unsent: true });
  }
  if (session.destroyed) return new RpcError('UNAVAILABLE', 'The connection was lost', { cause, lost: true });
  return new RpcError(codeOfReset(reset), `The stream was reset with HTTP/2 code ${reset}`, { cause });
}
