import { CallError, messageOf, type CallErrorKind } from '@meshkeeper/domain';

/** A Kubernetes `Status` object, as far as it is used. */
export type ApiStatus = {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
};

const KIND_BY_CODE: Readonly<Record<number, CallErrorKind>> = {
  404: 'Gone',
  409: 'Conflict',
  410: 'Gone',
  408: 'Transient',
  429: 'Transient',
};

/** Classifies an answer of the API server. `call` says what was tried, in words a user knows: `patch deployments team-a/x`. */
export function apiError(call: string, code: number, status: ApiStatus, retryAfterMs?: number): CallError {
  const kind = KIND_BY_CODE[code] ?? (code >= 500 ? 'Transient' : 'Terminal');
  const reason = status.reason ?? String(code);
  const options = { code: reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (code === 403) return new CallError('Terminal', `Missing permission: ${status.message ?? call}`, options);
  return new CallError(kind, `${call}: ${status.message ?? `HTTP ${code}`}`, options);
}

/** Classifies what never became an answer: the network, a timeout, an abort. */
export function networkError(call: string, url: string, error: unknown): CallError {
  if (error instanceof CallError) return error;
  const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
  return new CallError('Transient', `${call}: the API server ${url} does not answer (${cause})`, {
    cause: error,
    code: 'ApiServerUnreachable',
  });
}
