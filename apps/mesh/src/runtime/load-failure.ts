import { CallError } from '@meshkeeper/domain';

/** The same failure in the words in which it is recorded: `CODE: text`, the text alone of UNKNOWN, the code of what has no text. */
export function loadFailure({ kind, code = 'UNKNOWN', message, cause }: CallError): CallError {
  const text = message === '' ? code : code === 'UNKNOWN' ? message : `${code}: ${message}`;
  return new CallError(kind, text, { cause, code });
}

export function loadTimedOut(id: string, limitMs: number): CallError {
  const message = `Load of model ${id} timed out after ${limitMs / 1_000}sec`;
  return new CallError('Transient', message, { code: 'DEADLINE_EXCEEDED' });
}

export function loadCancelled(id: string): CallError {
  return new CallError('Transient', `Load of model ${id} was cancelled`, { code: 'CANCELLED' });
}
