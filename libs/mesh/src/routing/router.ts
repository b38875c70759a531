import type { Cluster } from '../records/cluster.ts';
import type { ClusterView } from '../records/cluster-view.ts';
import type { LocalCopies } from '../hosting/local-copies.ts';
import { RETRY_BACKOFF_MS, type Loading } from '../copies/loading.ts';
import { modelStatus } from '../rules/model-status.ts';
import type { MeshMetrics } from '../metrics/metrics.ts';
import type { RecordStore } from '../records/record-store.ts';
import { type Answer, type HeaderList, RpcError } from '@meshkeeper/grpc';
import { waitForRegistryWrite } from './await-copy.ts';
import type { LocalCalls } from './local-calls.ts';
import type { ModelCall } from './model-call.ts';
import { outcomeOf, revisionHeader, revisionIn } from './outcome.ts';
import type { Peers } from './peers.ts';
import { pickCopy, type ReachableCopy } from './pick-copy.ts';
import { reachableCopies } from './reachable-copies.ts';
import type { RequestId } from './request-ids.ts';
import { resolveModel } from './resolve-model.ts';

export type RouterOptions = {
  readonly view: ClusterView;
  readonly store: RecordStore;
  readonly cluster: Cluster;
  readonly copies: LocalCopies;
  readonly loading: Loading;
  readonly local: LocalCalls;
  readonly peers: Peers;
  readonly metrics: MeshMetrics;
  readonly caughtUp: (modelId: string, revision: bigint) => Promise<void>;
  readonly now: () => number;
};

/** A routed call, except for the model it targets. */
export type RoutedCall = Omit<ModelCall, 'modelId' | 'vModelId'> & {
  /** The caller balances over the instances already: a local copy is preferred. */
  readonly isBalanced: boolean;
};

export type Router = {
  /** Answers from a copy of the model, wherever it is; loads one where there is none. @throws RpcError, CallError of etcd */
  route(requested: RequestId, call: RoutedCall): Promise<Answer & { readonly modelId: string }>;
};

/** As in the original. */
const MAX_ITERATIONS = 8;
/** Copies that have too many calls waiting are asked so often. */
const MAX_OVERLOADED = 2;
/** Names the model to the instance that a call is sent on to. */
export const MODEL_HEADER = 'meshkeeper-model-bin';

type Attempt = {
  /** Instances that did not answer this call, or not well. */
  readonly avoid: Set<string>;
  overloaded: number;
  /** What the last of them said. */
  failure: RpcError | undefined;
};

export function createRouter(options: RouterOptions): Router {
  const starting = new Map<string, Promise<void>>();
  return {
    route: async (requested, call) => {
      const attempt: Attempt = { avoid: new Set(), overloaded: 0, failure: undefined };
      for (let iteration = 0; iteration < MAX_ITERATIONS; iteration += 1) {
        call.signal.throwIfAborted();
        // Resolved for each attempt: the vmodel may have been switched.
        const { modelId, record } = await resolveModel(requested, options.store);
        const copy = pickCopy(reachableCopies(modelId, record, attempt.avoid, options), call.isBalanced);
        if (copy === undefined) {
          if (attempt.failure !== undefined && isFinal(attempt.failure)) throw attempt.failure;
          await waitForOwnRemoval(modelId, attempt, options);
          await startOnce(modelId, attempt, starting, options);
          continue;
        }
        const modelCall: ModelCall = { ...call, modelId, vModelId: requested.kind === 'vmodel' ? requested.id : '' };
        try {
          const answer = await send(copy, modelCall, options);
          return { ...answer, modelId };
        } catch (error) {
          await learn(error, copy, modelCall, attempt, options);
        }
      }
      const last = attempt.failure === undefined ? '' : `; the last: ${attempt.failure.details}`;
      throw new RpcError('UNAVAILABLE', `${MAX_ITERATIONS} retry iterations exhausted${last}`);
    },
  };
}

function send(copy: ReachableCopy, call: ModelCall, { local, peers, view }: RouterOptions): Promise<Answer> {
  const revision = view.tables.registry.get(call.modelId)?.modRevision ?? 0n;
  if (copy.isLocal) return local.serve(call, revision);
  const { method, message, signal, deadline, modelId } = call;
  const headers: HeaderList = [
    ...call.headers,
    MODEL_HEADER,
    Buffer.from(modelId).toString('base64'),
    ...revisionHeader(revision),
  ];
  const timeoutMs = deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
  return peers.call(copy.iid, { path: `/${method}`, headers, message, signal, timeoutMs });
}

/** What a failure means for the next try. @throws what is the answer */
async function learn(
  error: unknown,
  { iid, isLocal }: ReachableCopy,
  { modelId, signal }: ModelCall,
  attempt: Attempt,
  { peers, metrics, caughtUp }: RouterOptions,
): Promise<void> {
  if (signal.aborted || !(error instanceof RpcError)) throw error;
  const outcome = outcomeOf(error);
  attempt.failure = error;
  if (outcome === undefined) {
    if (isLocal || !error.lost || error.code !== 'UNAVAILABLE') throw error;
    peers.suspect(iid, error.details);
  }
  if (outcome === 'overloaded' && (attempt.overloaded += 1) >= MAX_OVERLOADED) throw error;
  metrics.retried(outcome ?? 'lost');
  attempt.avoid.add(iid);
  await caughtUp(modelId, revisionIn(error.metadata));
}

/** There is nothing to load elsewhere for: the runtime had the model, and this is what it said. */
function isFinal(failure: RpcError): boolean {
  return ['runtime-unavailable', 'overloaded'].includes(outcomeOf(failure) ?? '');
}

/** A copy that was just dropped here is still in the registry: no instance loads it again before the removal is published. */
async function waitForOwnRemoval(
  modelId: string,
  { avoid }: Attempt,
  { copies, cluster }: RouterOptions,
): Promise<void> {
  const own = copies.get(modelId);
  if (own === undefined || own.state.kind === 'coming' || own.state.kind === 'loaded') return;
  await waitForRegistryWrite(own);
  if (copies.get(modelId) === own) avoid.add(cluster.instanceId);
}

/** Callers that come while a place is being chosen share the choice. */
async function startOnce(
  modelId: string,
  attempt: Attempt,
  starting: Map<string, Promise<void>>,
  options: RouterOptions,
): Promise<void> {
  const begun = starting.get(modelId) ?? start(modelId, attempt, options).finally(() => starting.delete(modelId));
  starting.set(modelId, begun);
  await begun;
}

async function start(
  modelId: string,
  attempt: Attempt,
  { store, cluster, loading, now }: RouterOptions,
): Promise<void> {
  const outcome = await loading.start(modelId, {
    backoffMs: RETRY_BACKOFF_MS,
    lastUsed: BigInt(now()),
    avoid: attempt.avoid,
  });
  if (outcome.kind === 'unplaceable') throw attempt.failure ?? new RpcError('INTERNAL', outcome.message);
  if (outcome.kind !== 'resting') return;
  const record = store.model(modelId);
  const status = record === undefined ? undefined : modelStatus(modelId, record, cluster.liveness);
  throw new RpcError('INTERNAL', status?.errors[0] ?? `Model ${modelId} failed to load`);
}
