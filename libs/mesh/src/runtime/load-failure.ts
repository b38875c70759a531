import { CallError } from '@meshkeeper/domain';

/** The same failure in the words in which it is recorded: `CODE: text`, the text alone of UNKNOWN, the code of what has no text. */
export function loadFailure({ kind, code = 'UNKNOWN', message, cause }: CallError): CallError {
  const text = message === '' ? code : code === 'UNKNOWN' ? message : `${code}: ${message}`;
  const isGone = code === 'UNAVAILABLE' && NOT_THERE.test(message);
  const isLost = code === 'UNAVAILABLE' && LOST.test(message);
  return new CallError(isGone ? 'Gone' : kind, isLost ? `${text}: ${WENT_AWAY}` : text, { cause, code });
}

/** In the words of @grpc/grpc-js, which has no other sign that a call was never sent. */
const NOT_THERE = /ECONNREFUSED|ENOENT|No connection established/;
/** In the same words: a connection that broke while the server was at it. */
const LOST = /ECONNRESET|EPIPE|Connection dropped|socket hang up/;
const WENT_AWAY =
  'the model server went away during the load; it may have crashed, or been killed for the memory that it took';

/** No server was there to ask. One that goes away during a load has failed that load: the model may be why. */
export function isServerGone(error: unknown): boolean {
  return error instanceof CallError && error.kind === 'Gone' && error.code === 'UNAVAILABLE';
}

export function loadTimedOut(id: string, limitMs: number): CallError {
  const message = `Load of model ${id} timed out after ${limitMs / 1_000}sec`;
  return new CallError('Transient', message, { code: 'DEADLINE_EXCEEDED' });
}

export function loadCancelled(id: string): CallError {
  return new CallError('Transient', `Load of model ${id} was cancelled`, { code: 'CANCELLED' });
}
