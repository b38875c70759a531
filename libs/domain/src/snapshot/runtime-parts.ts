import { parseWanted } from '../changes/indexes.ts';
import type { Gathered } from '../ports/event-log.ts';
import type { StorageFacts } from '../objects/storage-secret.ts';
import type { RuntimeKey } from '../objects/work-key.ts';
import type { SnapshotContext } from './gather-request.ts';
import type { IsComplete, ObjectsOf } from './parts.ts';
import type { RuntimeSnapshot, Surroundings } from './snapshot.ts';

export function runtimeParts(
  key: RuntimeKey,
  gathered: Gathered,
  of: ObjectsOf,
  complete: IsComplete,
  { etcdSecretName }: SnapshotContext,
): Omit<RuntimeSnapshot, keyof Surroundings> {
  const [own] = of('servingRuntimes');
  const [cluster] = of('clusterServingRuntimes');
  const shared = cluster && { ...cluster, kind: 'ClusterServingRuntime' as const };
  const [, , storage = {}, claims = {}] = gathered.facts;
  return {
    key,
    runtime: own ? { ...own, kind: 'ServingRuntime' } : shared,
    deployments: of('deployments'),
    autoscalers: of('horizontalPodAutoscalers'),
    etcdSecretName,
    storageClaims: Object.values(storage).flatMap((facts) => (facts as StorageFacts).claims),
    existingClaims: Object.keys(claims),
    models: (gathered.indexes[0] ?? []).map(parseWanted),
    modelsComplete: complete('inferenceServices') && complete('predictors'),
    complete: RUNTIME_SOURCES.every(complete) && (own !== undefined || complete('clusterServingRuntimes')),
    live: {},
  };
}

const RUNTIME_SOURCES = [
  'servingRuntimes',
  'deployments',
  'horizontalPodAutoscalers',
  'storageSecrets',
  'persistentVolumeClaims',
] as const;
