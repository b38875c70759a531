import { StorageError } from './storage-error.ts';

/** What is known of a foreign error, without its text. */
export type FailureFacts = {
  /** Of an HTTP answer. */
  readonly status?: number;
  /** `ECONNREFUSED`, `NoSuchBucket` and the like. */
  readonly code?: string;
};

/** What was being done, for the sentence. */
export type FailurePlace = {
  /** `bucket 'B'`, `object 'k' of bucket 'B'` or a URL without its query. */
  readonly what: string;
  /** Host and port of the storage. */
  readonly host: string;
};

const UNREACHABLE = new Set(
  // The last one is Azure's word for a request that got no answer.
  `ENOTFOUND EAI_AGAIN ECONNREFUSED ECONNRESET ECONNABORTED EPIPE EHOSTUNREACH ENETUNREACH EPROTO
  UND_ERR_SOCKET UND_ERR_CLOSED UND_ERR_DESTROYED ERR_STREAM_PREMATURE_CLOSE REQUEST_SEND_ERROR`.split(/\s+/),
);
const TOO_SLOW = new Set(
  `ETIMEDOUT ESOCKETTIMEDOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT
  TimeoutError`.split(/\s+/),
);
/** What a body that ends too early fails with. Azure's client calls that an abort; ours are distinguished by their signal. */
const BROKEN_BODY = new Set(['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'AbortError', 'ABORT_ERR', 'Z_BUF_ERROR']);
const BAD_CERTIFICATE = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;
const TLS_REFUSED = /^ERR_SSL_/;
/** A word that a storage or Node made, not a sentence that could quote something. */
const WORD = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Translates whatever failed while `place` was read. */
export function toStorageError(error: unknown, place: FailurePlace, facts: FailureFacts): StorageError {
  if (error instanceof StorageError) return error;
  const cause = { cause: safeCause(error, facts) };
  if (facts.status !== undefined && facts.status >= 300) return statusError(facts.status, place, facts.code, cause);
  const code = facts.code ?? '';
  const local = localError(code, place, cause);
  if (local !== undefined) return local;
  if (BAD_CERTIFICATE.test(code)) {
    return new StorageError('InvalidConfig', `the certificate of ${place.host} is not trusted (${code})`, cause);
  }
  if (TLS_REFUSED.test(code)) {
    return new StorageError('InvalidConfig', `${place.host} refused the TLS connection (${code})`, cause);
  }
  if (TOO_SLOW.has(code)) return new StorageError('Timeout', `${place.host} did not answer in time (${code})`, cause);
  if (UNREACHABLE.has(code)) {
    return new StorageError('Unavailable', `${place.host} could not be reached (${code})`, cause);
  }
  return new StorageError('Unknown', `${place.what} could not be read${code === '' ? '' : ` (${code})`}`, cause);
}

type Cause = { readonly cause: Error };

function statusError(status: number, place: FailurePlace, code: string | undefined, cause: Cause): StorageError {
  const { what, host } = place;
  if (status === 401 || status === 403) {
    return new StorageError('Forbidden', `access to ${what} was denied (${status})`, cause);
  }
  if (status === 404 || status === 410) return new StorageError('NotFound', `${what} was not found (${status})`, cause);
  if (status === 408 || status === 504) {
    return new StorageError('Timeout', `${host} did not answer in time for ${what} (${status})`, cause);
  }
  if (status === 429 || status >= 500) {
    return new StorageError('Unavailable', `${host} is not able to serve ${what} now (${status})`, cause);
  }
  const word = code === undefined ? '' : ` ${code}`;
  return new StorageError('Unknown', `${host} answered ${status}${word} to the request for ${what}`, cause);
}

/** The disk's own refusals. */
function localError(code: string, { what }: FailurePlace, cause: Cause): StorageError | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageError('DiskFull', `the disk is full: ${what} could not be stored`, cause);
    case 'ENAMETOOLONG':
      return new StorageError('UnsafePath', `the name of ${what} is too long for a file`, cause);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EIO':
      return new StorageError('Unknown', `${what} could not be stored on the disk (${code})`, cause);
    default:
      return undefined;
  }
}

/** Name and code only: the errors of SDKs carry requests, with their headers. */
function safeCause(error: unknown, facts: FailureFacts): Error {
  const name = error instanceof Error && WORD.test(error.name) ? error.name : typeof error;
  return new Error([name, facts.status, facts.code].filter((part) => part !== undefined).join(' '));
}

/** The code of an error or of what caused it, whichever is found first. */
export function codeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, name, cause, errors } = error as { code?: unknown; name?: unknown; cause?: unknown; errors?: unknown };
  const inner = codeOf(cause, depth + 1) ?? codeOf(Array.isArray(errors) ? errors[0] : undefined, depth + 1);
  if (inner !== undefined) return inner;
  return [code, name].find(isTelling);
}

function isTelling(word: unknown): word is string {
  return typeof word === 'string' && WORD.test(word) && word !== 'Error' && word !== 'AggregateError';
}

/** Whether the connection broke, as opposed to an answer or a refusal of the disk. */
export function isConnectionFailure(code: string | undefined): boolean {
  return code !== undefined && (UNREACHABLE.has(code) || code.startsWith('HPE_') || BROKEN_BODY.has(code));
}
