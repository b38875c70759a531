import { DEFAULT_CONFIG, type MeshConfig } from './config/mesh-config.ts';
import { endpointsIndex } from './change-to-keys.ts';
import type { ConfigFacts, NamespaceFacts } from './facts.ts';
import { CONFIG_MAP_NAME, KINDS, MESH_SOURCE } from './kinds.ts';
import type { Gathered, GatherRequest, ViewedObject } from './ports/event-log.ts';
import type { JsonObject, ReducedObject } from './reduce.ts';
import { formatKey, type MeshKey, type PredictorKey, type RuntimeKey, type WorkKey } from './work-key.ts';

/** What every plan sees. A namespace is `undefined` while its source is not complete: unknown, not disabled. */
type Surroundings = {
  readonly config: ConfigFacts;
  readonly namespaceEnabled: boolean | undefined;
};

export type Viewed = { readonly revision: string; readonly body: ReducedObject };

export type MeshSnapshot = Surroundings & {
  readonly key: MeshKey;
  readonly namespace: Viewed | undefined;
  readonly services: readonly Viewed[];
  readonly servicesComplete: boolean;
};

export type RuntimeSnapshot = Surroundings & {
  readonly key: RuntimeKey;
  /** The ServingRuntime, else the ClusterServingRuntime of that name; undefined when there is neither. */
  readonly runtime: (Viewed & { readonly kind: 'ServingRuntime' | 'ClusterServingRuntime' }) | undefined;
  readonly runtimesComplete: boolean;
  readonly deployments: readonly Viewed[];
  readonly deploymentsComplete: boolean;
};

export type VModelRecord = {
  readonly owner: string;
  readonly active: string;
  readonly target: string;
  readonly failed: boolean;
};

export type PredictorSnapshot = Surroundings & {
  readonly key: PredictorKey;
  readonly object: Viewed | undefined;
  readonly objectsComplete: boolean;
  readonly vmodel: VModelRecord | undefined;
  readonly meshComplete: boolean;
  /** `host:port` of the mesh's ready pods. */
  readonly endpoints: readonly string[];
};

export type Snapshot = MeshSnapshot | RuntimeSnapshot | PredictorSnapshot;

const kubeSources = Object.values(KINDS).map(({ source }) => source);

/** What has to be read for a key: one atomic step in Redis answers all of it. */
export function gatherRequest(key: WorkKey, ownNamespace: string, serviceName: string): GatherRequest {
  const { namespace } = key;
  const clusterRuntime = {
    source: KINDS.clusterServingRuntimes.source,
    namespace: '',
    name: key.kind === 'runtime' ? key.name : '',
  };
  return {
    key: formatKey(key),
    sources: [...kubeSources, MESH_SOURCE],
    facts: [
      { source: KINDS.config.source, namespace: ownNamespace, name: CONFIG_MAP_NAME },
      { source: KINDS.namespaces.source, namespace: '', name: namespace },
    ],
    objects: key.kind === 'runtime' ? [clusterRuntime] : [],
    indexes: [endpointsIndex(namespace, serviceName)],
  };
}

/** The typed snapshot of what was gathered. */
export function toSnapshot(key: WorkKey, gathered: Gathered): Snapshot {
  const complete = (source: string): boolean => gathered.sources[source]?.complete === true;
  const [config, namespaces] = gathered.facts;
  const namespaceFacts = namespaces?.[key.namespace] as NamespaceFacts | undefined;
  const surroundings: Surroundings = {
    config: (config?.[CONFIG_MAP_NAME] as ConfigFacts | undefined) ?? {
      kind: 'ok',
      config: DEFAULT_CONFIG,
      warnings: [],
    },
    namespaceEnabled:
      complete(KINDS.namespaces.source) && complete(KINDS.config.source)
        ? (namespaceFacts?.enabled ?? false)
        : undefined,
  };
  const of = (source: string): readonly Viewed[] =>
    gathered.objects
      .filter((object) => object.source === source)
      .map(({ revision, body }) => ({ revision, body: body as ReducedObject }));
  switch (key.kind) {
    case 'mesh':
      return {
        ...surroundings,
        key,
        namespace: of(KINDS.namespaces.source)[0],
        services: of(KINDS.services.source),
        servicesComplete: complete(KINDS.services.source),
      };
    case 'runtime':
      return { ...surroundings, ...runtimeParts(key, of, complete) };
    case 'predictor':
      return { ...surroundings, ...predictorParts(key, gathered, of, complete) };
  }
}

type ObjectsOf = (source: string) => readonly Viewed[];
type IsComplete = (source: string) => boolean;

function runtimeParts(key: RuntimeKey, of: ObjectsOf, complete: IsComplete): Omit<RuntimeSnapshot, keyof Surroundings> {
  const { servingRuntimes, clusterServingRuntimes, deployments } = KINDS;
  const [own] = of(servingRuntimes.source);
  const [cluster] = of(clusterServingRuntimes.source);
  const shared = cluster && { ...cluster, kind: 'ClusterServingRuntime' as const };
  return {
    key,
    runtime: own ? { ...own, kind: 'ServingRuntime' } : shared,
    runtimesComplete:
      complete(servingRuntimes.source) && (own !== undefined || complete(clusterServingRuntimes.source)),
    deployments: of(deployments.source),
    deploymentsComplete: complete(deployments.source),
  };
}

function predictorParts(
  key: PredictorKey,
  gathered: Gathered,
  of: ObjectsOf,
  complete: IsComplete,
): Omit<PredictorSnapshot, keyof Surroundings> {
  const source = key.owner === 'isvc' ? KINDS.inferenceServices.source : KINDS.predictors.source;
  const record = gathered.objects.find(
    (object) => object.source === MESH_SOURCE && object.name === `vmodels/${key.name}`,
  );
  return {
    key,
    object: of(source)[0],
    objectsComplete: complete(source),
    vmodel: record && parseVModel(record),
    meshComplete: complete(MESH_SOURCE),
    endpoints: gathered.indexes[0] ?? [],
  };
}

/** Malformed records read as nobody's. */
function parseVModel({ body }: ViewedObject): VModelRecord {
  const record = (typeof body === 'object' && body !== null ? body : {}) as JsonObject;
  const text = (field: string): string => (typeof record[field] === 'string' ? record[field] : '');
  return { owner: text('o'), active: text('amid'), target: text('tmid'), failed: record['failed'] === true };
}

/** The configuration of a snapshot whose `config` was found good. */
export function configOf(snapshot: Snapshot): MeshConfig | undefined {
  return snapshot.config.kind === 'ok' ? snapshot.config.config : undefined;
}
