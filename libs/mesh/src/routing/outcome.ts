import { type FailureCode, type HeaderList, RpcError, valueOf } from '@meshkeeper/grpc';

/** Why an instance did not answer a call itself, for the instance that forwarded it. Everything else is the model's answer. */
export type Outcome =
  /** It has no copy, and is not about to. */
  | 'absent'
  /** The load failed, and the registry says so now. */
  | 'load-failed'
  /** The runtime answered UNAVAILABLE. */
  | 'runtime-unavailable'
  /** Too many calls of this copy wait. */
  | 'overloaded';

const OUTCOMES: readonly string[] = ['absent', 'load-failed', 'runtime-unavailable', 'overloaded'] satisfies Outcome[];
const HEADER = 'meshkeeper-outcome';
const REVISION = 'meshkeeper-revision';

/** `revision`: that of the model's record at which this was so. */
export function outcomeError(outcome: Outcome, code: FailureCode, details: string, revision = 0n): RpcError {
  return new RpcError(code, details, { metadata: [HEADER, outcome, REVISION, String(revision)] });
}

export function outcomeOf(error: RpcError): Outcome | undefined {
  const value = valueOf(error.metadata, HEADER);
  return OUTCOMES.includes(value ?? '') ? (value as Outcome) : undefined;
}

export function revisionIn(metadata: HeaderList): bigint {
  const value = valueOf(metadata, REVISION) ?? '';
  return /^\d{1,19}$/.test(value) ? BigInt(value) : 0n;
}

/** How long the model's record at a sender may be ahead of ours. */
export function revisionHeader(revision: bigint): HeaderList {
  return [REVISION, String(revision)];
}
