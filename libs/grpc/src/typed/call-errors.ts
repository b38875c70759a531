import { ClientError, Status } from 'nice-grpc-common';
import { CallError, messageOf, type CallErrorKind } from '@meshkeeper/domain/call-error';

type CodeName = Exclude<keyof typeof Status, 'OK'>;

/** What each gRPC code means for the caller. A code that is not ours to judge (CANCELLED) may be tried again. */
const KINDS: Readonly<Record<CodeName, CallErrorKind>> = {
  CANCELLED: 'Transient',
  UNKNOWN: 'Transient',
  INVALID_ARGUMENT: 'Terminal',
  DEADLINE_EXCEEDED: 'Transient',
  NOT_FOUND: 'Gone',
  ALREADY_EXISTS: 'Terminal',
  PERMISSION_DENIED: 'Terminal',
  UNAUTHENTICATED: 'Terminal',
  RESOURCE_EXHAUSTED: 'Transient',
  FAILED_PRECONDITION: 'Conflict',
  ABORTED: 'Conflict',
  // etcd's answer for a compacted revision: what the caller saw is gone, and must be listed again.
  OUT_OF_RANGE: 'Conflict',
  UNIMPLEMENTED: 'Terminal',
  INTERNAL: 'Transient',
  UNAVAILABLE: 'Transient',
  DATA_LOSS: 'Terminal',
};

/** Translates whatever a gRPC call threw; `code` is the name of the gRPC code. The text is the other side's own. */
export function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (error instanceof ClientError) return statusError(error.code, error.details, error);
  return new CallError('Transient', messageOf(error), { cause: error, code: 'UNKNOWN' });
}

/** The same for a gRPC status, by its number. */
export function statusError(status: number, details: string, cause: unknown): CallError {
  const code = Status[status] as CodeName;
  return new CallError(KINDS[code] ?? 'Transient', details, { cause, code });
}

/** What grpc-js says when a call never reached a server: it can go elsewhere whatever it does. */
const NEVER_SENT =
  /^(No connection established|Name resolution failed|Channel closed|Stream refused by server|.*produced zero addresses)/;
/** … and when the connection broke under it. The call may have had its effect. */
const BROKEN = /(ECONNRESET|EPIPE|Connection dropped|Write error|HTTP\/2 stream|GOAWAY|[Ss]tream terminated)/;

export function wasNeverSent(error: CallError): boolean {
  return error.code === 'UNAVAILABLE' && NEVER_SENT.test(error.message);
}

/** Nothing listens there: no certificate was checked. */
const UNREACHABLE = /E(CONNREFUSED|HOSTUNREACH|NETUNREACH|TIMEDOUT)|Name resolution failed|produced zero addresses/;

/** The other side was reached and no connection came of it: under TLS, one of the two refused the other's certificate. */
export function isHandshakeFailure(error: unknown): boolean {
  return error instanceof CallError && wasNeverSent(error) && !UNREACHABLE.test(error.message);
}

/** The connection failed, as opposed to a server that answered UNAVAILABLE. */
export function isConnectionFailure(error: CallError): boolean {
  return error.code === 'UNAVAILABLE' && (NEVER_SENT.test(error.message) || BROKEN.test(error.message));
}

/**
 * Runs one unary call with a deadline of its own, and translates its failure.
 * @throws CallError; a passed deadline has code DEADLINE_EXCEEDED.
 */
export async function callWithDeadline<T>(
  timeoutMs: number,
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    return await call(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && !(error instanceof ClientError)) {
      throw new CallError('Transient', `${what} got no answer within ${timeoutMs} ms`, {
        cause: error,
        code: 'DEADLINE_EXCEEDED',
      });
    }
    throw toCallError(error);
  } finally {
    clearTimeout(timer);
  }
}
