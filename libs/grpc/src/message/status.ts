import { constants } from 'node:http2';
import { messageOf } from '@meshkeeper/domain/call-error';
import type { HeaderList } from './headers.ts';

/** gRPC's status codes; the place in the list is the number on the wire. */
export const CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type Code = (typeof CODES)[number];
/** What a call can fail with. */
export type FailureCode = Exclude<Code, 'OK'>;

export type RpcErrorOptions = {
  /** Custom metadata of the answer, that of its headers too. */
  readonly metadata?: HeaderList;
  /** The call surely never reached the peer, so that repeating it elsewhere cannot do anything twice. */
  readonly unsent?: boolean;
  /** There is no answer: the connection failed, before or after the call was sent. */
  readonly lost?: boolean;
  readonly cause?: unknown;
};

/** A gRPC call that failed, on either side of the wire. `details` is the text that travels. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: FailureCode;
  readonly details: string;
  readonly metadata: HeaderList;
  readonly unsent: boolean;
  readonly lost: boolean;

  constructor(code: FailureCode, details: string, options: RpcErrorOptions = {}) {
    super(`${code}: ${details}`, { cause: options.cause });
    this.code = code;
    this.details = details;
    this.metadata = options.metadata ?? [];
    this.unsent = options.unsent ?? false;
    this.lost = options.lost ?? this.unsent;
  }
}

/** A failure as it is sent; an unexpected one is INTERNAL. */
export function toRpcError(error: unknown): RpcError {
  return error instanceof RpcError ? error : new RpcError('INTERNAL', messageOf(error), { cause: error });
}

export function isFailureCode(code: string): code is FailureCode {
  return code !== 'OK' && CODES.some((known) => known === code);
}

/** The number on the wire. */
export function codeNumber(code: Code): number {
  return CODES.indexOf(code);
}

/** The name of the value of a `grpc-status` header; what is no known number counts as UNKNOWN. */
export function codeOfStatus(value: string): Code {
  return (/^\d{1,2}$/.test(value) ? CODES[Number(value)] : undefined) ?? 'UNKNOWN';
}

/** What an answer without a `grpc-status` means, by its HTTP status. */
export function codeOfHttpStatus(status: number): FailureCode {
  switch (status) {
    case 400:
      return 'INTERNAL';
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return 'PERMISSION_DENIED';
    case 404:
      return 'UNIMPLEMENTED';
    case 429:
    case 502:
    case 503:
    case 504:
      return 'UNAVAILABLE';
    default:
      return 'UNKNOWN';
  }
}

/** What a stream that was reset before its status means, by the code of RST_STREAM. */
export function codeOfReset(code: number): FailureCode {
  switch (code) {
    case constants.NGHTTP2_REFUSED_STREAM:
      return 'UNAVAILABLE';
    case constants.NGHTTP2_CANCEL:
      return 'CANCELLED';
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return 'RESOURCE_EXHAUSTED';
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return 'PERMISSION_DENIED';
    case constants.NGHTTP2_STREAM_CLOSED:
    case constants.NGHTTP2_HTTP_1_1_REQUIRED:
      return 'UNKNOWN';
    default:
      return 'INTERNAL';
  }
}

/** Clients refuse trailers of more than 8 KiB, and would then see neither the code nor the text. */
const MESSAGE_LIMIT = 4_096;
/** Nor may a header's value begin or end with a space (RFC 9113 §8.2.1). */
const PLAIN = /^(?! )[ -$&-~]*(?<! )$/;

/** The text as a `grpc-message`: UTF-8, with all but printable ASCII percent-encoded; cut after 4 KiB. */
export function encodeMessage(text: string): string {
  if (text.length <= MESSAGE_LIMIT && PLAIN.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text.slice(0, MESSAGE_LIMIT))) {
    encoded += byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : percent(byte);
  }
  const cut = encoded.length <= MESSAGE_LIMIT ? encoded : encoded.slice(0, MESSAGE_LIMIT).replace(/%[0-9A-F]?$/, '');
  return cut.replaceAll(/^ | $/g, '%20');
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The text of a `grpc-message`. What is not properly encoded stays as it is: a broken text must not hide the code. */
export function decodeMessage(value: string): string {
  if (!value.includes('%')) return value;
  const bytes = value.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
