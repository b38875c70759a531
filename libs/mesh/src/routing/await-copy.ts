import { setTimeout as sleep } from 'node:timers/promises';
import { raceAbort } from '@meshkeeper/async';
import type { Copy } from '../hosting/copy.ts';
import type { LocalCopies } from '../hosting/local-copies.ts';
import type { MeshMetrics } from '../metrics/metrics.ts';
import type { RpcError } from '@meshkeeper/grpc';
import type { ModelCall } from './model-call.ts';
import { outcomeError } from './outcome.ts';

export type AwaitOptions = {
  readonly copies: LocalCopies;
  readonly metrics: MeshMetrics;
  /** Waits until the registry is known here up to a revision, or for a moment. */
  readonly caughtUp: (modelId: string, revision: bigint) => Promise<void>;
  readonly revisionOf: (modelId: string) => bigint;
};

const REGISTRY_WRITE_MS = 1_000;
/** A request that had to wait longer counts as a miss, as in the original. */
const MISS_MS = 10;

/** The copy of this instance, as soon as it is loaded. @throws RpcError with an outcome; the signal's reason */
export async function loadedCopy(
  { modelId, signal }: Pick<ModelCall, 'modelId' | 'signal'>,
  revision: bigint,
  { copies, caughtUp, revisionOf, metrics }: AwaitOptions,
): Promise<Copy> {
  const held = copies.get(modelId);
  if (held?.state.kind === 'loaded') return held;
  const began = performance.now();
  await caughtUp(modelId, revision);
  const copy = await copies.expect(modelId, signal);
  if (copy === undefined) throw signal.aborted ? signal.reason : absent(modelId, revisionOf(modelId));
  if (copy.state.kind === 'coming') {
    copies.demand(copy);
    await raceAbort(copy.settled, signal);
  }
  const waited = performance.now() - began;
  if (waited > MISS_MS) metrics.missed(waited);
  const { state } = copy;
  if (state.kind === 'loaded') return copy;
  if (state.kind !== 'failed') throw absent(modelId, revisionOf(modelId));
  await raceAbort(waitForRegistryWrite(copy), signal);
  throw outcomeError('load-failed', 'INTERNAL', state.message, revisionOf(modelId));
}

/** Waits until the registry has recorded the copy's final state, or for a second: without etcd it cannot. */
export async function waitForRegistryWrite(copy: Copy): Promise<void> {
  const late = new AbortController();
  const limit = sleep(REGISTRY_WRITE_MS, undefined, { ref: false, signal: late.signal }).catch(() => undefined);
  await Promise.race([copy.published, limit]);
  late.abort();
}

export function absent(modelId: string, revision: bigint): RpcError {
  return outcomeError('absent', 'UNAVAILABLE', `Model ${modelId} is not here`, revision);
}
