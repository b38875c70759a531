import {
  configOf,
  gatherRequest,
  readShown,
  runtimeLabels,
  supports,
  toSnapshot,
  type Change,
  type MemoryView,
  type ModelFacts,
  type Owner,
  type ReducedObject,
  type RuntimeSnapshot,
  type Snapshot,
  type SnapshotContext,
} from '@meshkeeper/domain';
import type { Listed } from './cluster.ts';
import type { ChangeTools } from './object-changes.ts';
import type { Planned } from './plan-keys.ts';

/**
 * Counts by what is live, before any file is laid over it: the Deployment's pods, and the loaded models of its namespace that its runtime
 * may hold. Where two runtimes may hold a model it counts for both, as only the mesh knows which one does.
 */
export function createRunning(listed: Listed, live: MemoryView, context: SnapshotContext): ChangeTools['running'] {
  const models = [
    ...loadedModels('isvc', listed.get('inferenceServices') ?? []),
    ...loadedModels('ksp', listed.get('predictors') ?? []),
  ];
  return (planned: Planned, deployment: string) => {
    const snapshot = toSnapshot(planned.key, live.gather(gatherRequest(planned.key, context)), context);
    if (!isRuntime(snapshot)) return { pods: 0, models: 0 };
    const labels = labelsOf(snapshot);
    const held = models.filter(
      ({ namespace, label }) => namespace === planned.key.namespace && supports(labels, label),
    );
    return { pods: podsOf(snapshot, deployment), models: held.length };
  };
}

type LoadedModel = { readonly namespace: string; readonly label: string };

function loadedModels(owner: Owner, changes: readonly Change[]): readonly LoadedModel[] {
  return changes
    .filter(({ facts, body }) => facts !== '' && isLoaded(owner, JSON.parse(body) as ReducedObject))
    .map(({ namespace, facts }) => ({ namespace, label: (JSON.parse(facts) as ModelFacts).label }));
}

function isLoaded(owner: Owner, object: ReducedObject): boolean {
  return readShown(owner, object).activeState === 'Loaded';
}

function isRuntime(snapshot: Snapshot): snapshot is RuntimeSnapshot {
  return snapshot.key.kind === 'runtime';
}

function labelsOf(snapshot: RuntimeSnapshot): readonly string[] {
  return runtimeLabels(
    snapshot.key.name,
    snapshot.runtime?.body.spec ?? {},
    configOf(snapshot)?.restProxy.enabled ?? false,
  );
}

function podsOf({ deployments }: RuntimeSnapshot, name: string): number {
  const body = deployments.find(({ body }) => body.metadata.name === name)?.body;
  const replicas = body?.status?.['replicas'] ?? body?.spec?.['replicas'];
  return typeof replicas === 'number' ? replicas : 0;
}
