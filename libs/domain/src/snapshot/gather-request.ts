import { endpointsIndex, wantedIndex } from '../changes/indexes.ts';
import type { ModelFacts } from '../changes/facts.ts';
import { CONFIG_MAP_NAME, KINDS, MESH_SOURCE } from '../objects/kinds.ts';
import type { GatherRequest } from '../ports/event-log.ts';
import { formatKey, type PredictorKey, type WorkKey } from '../objects/work-key.ts';

const kubeSources = Object.values(KINDS).map(({ source }) => source);

export type SnapshotContext = {
  readonly ownNamespace: string;
  readonly etcdSecretName: string;
  /** Only the own namespace is served, and nothing cluster-wide is known. */
  readonly namespaceScope?: boolean;
  /** The Deployment that the Service belongs to in namespace scope. */
  readonly controllerDeployment?: string;
};

/** What has to be read for a key: one atomic step in Redis answers all of it. */
export function gatherRequest(key: WorkKey, { ownNamespace, etcdSecretName }: SnapshotContext): GatherRequest {
  const { namespace } = key;
  const facts = (kind: keyof typeof KINDS, of: string, name?: string) => ({
    source: KINDS[kind].source,
    namespace: of,
    ...(name === undefined ? {} : { name }),
  });
  const surroundings = [facts('config', ownNamespace, CONFIG_MAP_NAME), facts('namespaces', '', namespace)];
  const request = { key: formatKey(key), sources: [...kubeSources, MESH_SOURCE], objects: [], indexes: [] };
  switch (key.kind) {
    case 'mesh': {
      const runtimes = [facts('servingRuntimes', namespace), facts('clusterServingRuntimes', '')];
      return { ...request, facts: [...surroundings, ...runtimes, facts('etcdSecrets', ownNamespace, etcdSecretName)] };
    }
    case 'runtime':
      return {
        ...request,
        facts: [...surroundings, facts('storageSecrets', namespace), facts('persistentVolumeClaims', namespace)],
        objects: [{ source: KINDS.clusterServingRuntimes.source, namespace: '', name: key.name }],
        indexes: [wantedIndex(namespace)],
      };
    case 'predictor': {
      const { source } = KINDS[kindOf(key)];
      const pods = { source, namespace, name: key.name, field: 'pods' satisfies keyof ModelFacts };
      // Many models are looked at many times while they load: what only matters without a pod is read only then.
      const runtimes = [facts('servingRuntimes', namespace), facts('clusterServingRuntimes', '')];
      const storage = [facts('storageSecrets', namespace), facts('persistentVolumeClaims', namespace)];
      return {
        ...request,
        facts: [...surroundings, ...runtimes.map((each) => ({ ...each, unless: pods })), ...storage],
        indexes: [endpointsIndex(namespace)],
        factIndexes: [pods],
      };
    }
  }
}

/** The same with everything that only explains. */
export function explainRequest(key: WorkKey, context: SnapshotContext): GatherRequest {
  const request = gatherRequest(key, context);
  const facts = request.facts.map(({ source, namespace, name }) =>
    name === undefined ? { source, namespace } : { source, namespace, name },
  );
  return { ...request, facts };
}

/** Of which kind a model's object is. */
export function kindOf({ owner }: PredictorKey): 'inferenceServices' | 'predictors' {
  return owner === 'isvc' ? 'inferenceServices' : 'predictors';
}
