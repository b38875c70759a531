/** Why a pull failed; the same word in errors, metrics and tests. */
export type StorageReason =
  /** The storage's configuration lacks something, or something in it cannot be used. */
  | 'InvalidConfig'
  /** The bucket, the path or the claim does not exist, or nothing in it matches. */
  | 'NotFound'
  /** The storage refuses the credentials. */
  | 'Forbidden'
  /** The storage cannot be reached, or says that it is overloaded or broken. */
  | 'Unavailable'
  /** The storage is reached, and is too slow. */
  | 'Timeout'
  /** Fewer bytes came than were announced. */
  | 'Truncated'
  | 'DiskFull'
  /** A name would lead out of the model's folder or out of the claim, or two names would be one file. */
  | 'UnsafePath'
  | 'Cancelled'
  | 'Unknown';

/** Whether trying the same again can help. */
export type StorageErrorKind = 'Transient' | 'Terminal';

const KINDS: Readonly<Record<StorageReason, StorageErrorKind>> = {
  InvalidConfig: 'Terminal',
  NotFound: 'Terminal',
  Forbidden: 'Terminal',
  Unavailable: 'Transient',
  Timeout: 'Transient',
  Truncated: 'Transient',
  DiskFull: 'Transient',
  UnsafePath: 'Terminal',
  Cancelled: 'Transient',
  Unknown: 'Transient',
};

/**
 * A failed pull. The message is one sentence for the user. Neither it nor the cause holds a credential, a URL's query, or
 * the text of a foreign error, which could.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly reason: StorageReason;
  readonly kind: StorageErrorKind;

  constructor(reason: StorageReason, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.reason = reason;
    this.kind = KINDS[reason];
  }
}
