/**
 * What a failed call to another system means for its caller.
 *
 * - `Transient`: the same call may succeed later; try again with back-off.
 * - `Terminal`:  the same call fails again until something is changed; retry rarely.
 * - `Conflict`:  the world is not as the caller saw it; read again, then decide again.
 * - `Gone`:      what was named does not exist.
 */
export type CallErrorKind = 'Transient' | 'Terminal' | 'Conflict' | 'Gone';

export type CallErrorOptions = {
  readonly cause?: unknown;
  /** Milliseconds the other side asked us to wait (Retry-After). */
  readonly retryAfterMs?: number;
  /** The other side's own code: an HTTP status such as `409`, a gRPC code such as `ALREADY_EXISTS`. */
  readonly code?: string;
};

/** The one error class that adapters throw: foreign errors are translated into it at their edge, once. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly kind: CallErrorKind;
  readonly retryAfterMs: number | undefined;
  readonly code: string | undefined;

  constructor(kind: CallErrorKind, message: string, options: CallErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.code = options.code;
  }
}

/** The class of any thrown value. What no adapter classified is a defect or the network: `Transient`, so it is tried again. */
export function classifyError(error: unknown): CallErrorKind {
  return error instanceof CallError ? error.kind : 'Transient';
}

/** The text of any thrown value, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
