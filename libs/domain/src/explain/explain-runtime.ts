import { ADVICE } from '../reasons/advice.ts';
import { plan } from '../plan/plan.ts';
import type { Reason } from '../reasons/reasons.ts';
import { runtimeLabels, supports } from '../objects/runtime-labels.ts';
import { configOf, type RuntimeSnapshot } from '../snapshot/snapshot.ts';
import { isMultiModel } from '../validation/runtime-spec.ts';
import { formatKey } from '../objects/work-key.ts';
import { causeChain, type Episode } from './cause-chain.ts';
import type { LoggedEntry } from './logged-entry.ts';
import { nextRunInWords, type RunsSeen } from './run-state.ts';

/** All that there is to say of a runtime in one namespace. */
export type RuntimeExplanation = {
  readonly kind: 'ServingRuntime' | 'ClusterServingRuntime' | 'none';
  readonly namespace: string;
  readonly name: string;
  readonly at: number;
  readonly summary: string;
  readonly reason: Reason | undefined;
  readonly todo: string;
  readonly deployments: readonly { readonly name: string; readonly wanted: number; readonly ready: number }[];
  /** Labels of the namespace's models that it could hold, each once. */
  readonly neededBy: readonly string[];
  readonly runs: RunsSeen & { readonly next: string };
  readonly chain: readonly Episode[];
};

type Found = { readonly reason: Reason | undefined; readonly message: string };

/** Why a runtime has no pods, or does not change. Of objects that are not watched, such as TLS Secrets, it knows what the last run saw. */
export function explainRuntime(
  snapshot: RuntimeSnapshot,
  history: readonly LoggedEntry[],
  runs: RunsSeen,
  now: number,
): RuntimeExplanation {
  const { key, runtime } = snapshot;
  const neededBy = neededTypes(snapshot);
  const { reason, message } = findingOf(snapshot, neededBy, now);
  return {
    kind: runtime?.kind ?? 'none',
    namespace: key.namespace,
    name: key.name,
    at: now,
    summary: reason === undefined ? `${message}.` : `${reason}: ${message}.`,
    reason,
    todo: reason === undefined ? 'Nothing.' : ADVICE[reason],
    deployments: deploymentsOf(snapshot),
    neededBy,
    runs: { ...runs, next: nextRunInWords(runs, now) },
    chain: causeChain(formatKey(key), history),
  };
}

function findingOf(snapshot: RuntimeSnapshot, neededBy: readonly string[], now: number): Found {
  const { key, runtime, namespaceEnabled, complete } = snapshot;
  if (!complete || namespaceEnabled === undefined)
    return { reason: undefined, message: 'Not all sources are listed yet, so that nothing is concluded' };
  if (runtime === undefined)
    return { reason: 'NoSuchObject', message: `Namespace ${key.namespace} sees no runtime ${key.name}` };
  if (!namespaceEnabled)
    return {
      reason: 'NamespaceNotEnabled',
      message: `Namespace ${key.namespace} carries no label modelmesh-enabled=true`,
    };
  const spec = runtime.body.spec ?? {};
  if (!isMultiModel(spec)) return { reason: undefined, message: 'It is no multi-model runtime, and is left to others' };
  if (spec['disabled'] === true) return { reason: undefined, message: 'It is disabled: spec.disabled is true' };
  const { obstacle } = plan(snapshot, now);
  return obstacle ?? { reason: undefined, message: podsInWords(snapshot, neededBy) };
}

function podsInWords(snapshot: RuntimeSnapshot, neededBy: readonly string[]): string {
  const deployments = deploymentsOf(snapshot);
  const wanted = deployments.reduce((sum, deployment) => sum + deployment.wanted, 0);
  const ready = deployments.reduce((sum, deployment) => sum + deployment.ready, 0);
  if (deployments.length === 0) return 'Its Deployment is not made yet';
  if (wanted === 0)
    return neededBy.length === 0 ? 'It is scaled to zero, since no model here needs it' : 'It is scaled to zero';
  return `Of ${wanted} wanted pods ${ready} are ready`;
}

function deploymentsOf({ deployments }: RuntimeSnapshot): RuntimeExplanation['deployments'] {
  const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return deployments.map(({ body }) => ({
    name: body.metadata.name,
    wanted: count(body.spec?.['replicas']),
    ready: count(body.status?.['readyReplicas']),
  }));
}

function neededTypes(snapshot: RuntimeSnapshot): readonly string[] {
  const { key, runtime, models } = snapshot;
  const restProxy = configOf(snapshot)?.restProxy.enabled ?? true;
  const labels = runtimeLabels(key.name, runtime?.body.spec ?? {}, restProxy);
  return [...new Set(models.map(({ label }) => label).filter((label) => supports(labels, label)))].sort();
}
