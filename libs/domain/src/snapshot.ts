import { DEFAULT_CONFIG, type MeshConfig } from './config/mesh-config.ts';
import { parseConfig } from './config/parse-config.ts';
import { endpointsIndex, parseWanted, wantedIndex } from './change-to-keys.ts';
import type { ConfigFacts, EtcdSecretFacts, ModelFacts, NamespaceFacts } from './facts.ts';
import { CONFIG_MAP_NAME, KINDS, MESH_SOURCE } from './kinds.ts';
import type { Copy } from './copies.ts';
import {
  copiesIn,
  namedRuntimes,
  runtimesSeen,
  storageSeen,
  type IsComplete,
  type NamedRuntime,
  type StorageSeen,
} from './snapshot-parts.ts';
import type { StorageFacts } from './storage-facts.ts';
import { parseMemory, type Memory } from './memory.ts';
import type { Gathered, GatherRequest, ViewedObject } from './ports/event-log.ts';
import { asObject, type JsonObject, type ReducedObject } from './reduce.ts';
import { formatKey, type MeshKey, type PredictorKey, type RuntimeKey, type WorkKey } from './work-key.ts';

/** What every plan sees. A namespace is `undefined` while its source is not complete: unknown, not disabled. */
type Surroundings = {
  readonly config: ConfigFacts;
  readonly namespaceEnabled: boolean | undefined;
  /** Nothing is written in it for now. */
  readonly namespacePaused: boolean;
  /** What the last run left for this one. */
  readonly memory: Memory;
};

export type Viewed = { readonly revision: string; readonly body: ReducedObject };

export type MeshSnapshot = Surroundings & {
  readonly key: MeshKey;
  readonly ownNamespace: string;
  /** Undefined in namespace scope, where it cannot be seen, and when it is gone. */
  readonly namespace: Viewed | undefined;
  /** In namespace scope: the name of the controller's Deployment, or empty; undefined otherwise. */
  readonly controllerDeployment: string | undefined;
  readonly live: LiveAnswers;
  readonly services: readonly Viewed[];
  readonly typeConstraints: Viewed | undefined;
  readonly serviceMonitor: Viewed | undefined;
  /** Undefined where the kind is not known to the cluster, or not listed yet. */
  readonly serviceMonitorsComplete: boolean;
  /** Every runtime that the namespace sees, by name; its own shadow the cluster's. */
  readonly runtimes: readonly NamedRuntime[];
  readonly etcdSecretName: string;
  /** Revision of the controller's own etcd Secret; undefined when there is none. */
  readonly etcdSource: string | undefined;
  readonly etcdCopy: Viewed | undefined;
  /** The ConfigMap of the configuration, in the controller's own namespace only. */
  readonly configMap: ConfigMapSeen | undefined;
  /** All sources that this plan draws conclusions from, but for ServiceMonitors. */
  readonly complete: boolean;
};

export type ConfigMapSeen = {
  readonly body: ReducedObject;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
};

export type RuntimeSnapshot = Surroundings & {
  readonly key: RuntimeKey;
  /** The ServingRuntime, else the ClusterServingRuntime of that name; undefined when there is neither. */
  readonly runtime: (Viewed & { readonly kind: 'ServingRuntime' | 'ClusterServingRuntime' }) | undefined;
  readonly deployments: readonly Viewed[];
  readonly autoscalers: readonly Viewed[];
  readonly etcdSecretName: string;
  /** Claims that the namespace's storage Secret names, and those that exist. */
  readonly storageClaims: readonly string[];
  readonly existingClaims: readonly string[];
  /** The types of the namespace's models, each with the claim it lies on. */
  readonly models: readonly ModelFacts[];
  /** All models are known, so that a runtime without one may be scaled down. */
  readonly modelsComplete: boolean;
  /** All other sources that this plan draws conclusions from. */
  readonly complete: boolean;
  /** What was looked up live, since nobody watches it. */
  readonly live: LiveAnswers;
};

/** Undefined where nobody asked. */
export type LiveAnswers = {
  /** Keys of the namespace's TLS Secret; `missing` when there is none. */
  readonly tlsSecret?: readonly string[] | 'missing';
  /** Whether the ConfigMap that annotation `productConfig` names exists. */
  readonly productConfig?: boolean;
  /** Of the controller's Deployment; empty when there is none. */
  readonly controllerUid?: string;
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
  /** No runtime has a ready pod that could hold the model; false while that is not known. */
  readonly homeless: boolean;
  /** Whether it is known which pods are ready. */
  readonly podsKnown: boolean;
  /** Of the namespace and of the cluster. Undefined while they are not all known, and where a ready pod makes them beside the point. */
  readonly runtimes: readonly NamedRuntime[] | undefined;
  /** Undefined while it is not known. */
  readonly storage: StorageSeen | undefined;
  /** By model id: where the mesh's registry says that copies are. */
  readonly copies: Readonly<Record<string, readonly Copy[]>>;
};

export type Snapshot = MeshSnapshot | RuntimeSnapshot | PredictorSnapshot;

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

/** The typed snapshot of what was gathered. `memory` is what the last run left, `live` what was looked up beside. */
export function toSnapshot(key: WorkKey, gathered: Gathered, context: SnapshotContext, memory = ''): Snapshot {
  // In namespace scope there is nothing cluster-wide, which is known and not unknown.
  const complete = (kind: keyof typeof KINDS): boolean =>
    (context.namespaceScope === true && !KINDS[kind].namespaced) ||
    gathered.sources[KINDS[kind].source]?.complete === true;
  const [config, namespaces] = gathered.facts;
  const namespaceFacts = namespaces?.[key.namespace] as NamespaceFacts | undefined;
  const enabledIn = (): boolean | undefined => {
    if (!complete('config')) return undefined;
    if (context.namespaceScope === true) return key.namespace === context.ownNamespace;
    return complete('namespaces') ? (namespaceFacts?.enabled ?? false) : undefined;
  };
  const surroundings: Surroundings = {
    config: (config?.[CONFIG_MAP_NAME] as ConfigFacts | undefined) ?? {
      kind: 'ok',
      config: DEFAULT_CONFIG,
      warnings: [],
    },
    namespaceEnabled: enabledIn(),
    namespacePaused: namespaceFacts?.paused === true,
    memory: parseMemory(memory),
  };
  const of = (kind: keyof typeof KINDS): readonly Viewed[] =>
    gathered.objects
      .filter((object) => object.source === KINDS[kind].source)
      .map(({ revision, body }) => ({ revision, body: body as ReducedObject }));
  switch (key.kind) {
    case 'mesh':
      return { ...surroundings, ...meshParts(key, gathered, of, complete, context) };
    case 'runtime':
      return { ...surroundings, ...runtimeParts(key, gathered, of, complete, context) };
    case 'predictor':
      return { ...surroundings, ...predictorParts(key, gathered, of, complete, surroundings.config) };
  }
}

type ObjectsOf = (kind: keyof typeof KINDS) => readonly Viewed[];

function meshParts(
  key: MeshKey,
  gathered: Gathered,
  of: ObjectsOf,
  complete: IsComplete,
  { ownNamespace, etcdSecretName, namespaceScope = false, controllerDeployment = '' }: SnapshotContext,
): Omit<MeshSnapshot, keyof Surroundings> {
  const [, , ofNamespace = {}, ofCluster = {}, etcd = {}] = gathered.facts;
  const own = namedRuntimes('ServingRuntime', ofNamespace);
  const shared = namedRuntimes('ClusterServingRuntime', ofCluster).filter(
    ({ name }) => ofNamespace[name] === undefined,
  );
  const [configMap] = of('config');
  return {
    key,
    ownNamespace,
    namespace: of('namespaces')[0],
    controllerDeployment: namespaceScope ? controllerDeployment : undefined,
    live: {},
    services: of('services'),
    typeConstraints: of('typeConstraints')[0],
    serviceMonitor: of('serviceMonitors')[0],
    serviceMonitorsComplete: complete('serviceMonitors'),
    runtimes: [...own, ...shared],
    etcdSecretName,
    etcdSource: (etcd[etcdSecretName] as EtcdSecretFacts | undefined)?.revision,
    etcdCopy: key.namespace === ownNamespace ? undefined : of('etcdSecrets')[0],
    configMap: configMap && seenConfigMap(configMap.body),
    complete: MESH_SOURCES.every(complete),
  };
}

const MESH_SOURCES = [
  'services',
  'typeConstraints',
  'etcdSecrets',
  'servingRuntimes',
  'clusterServingRuntimes',
] as const;

function seenConfigMap(body: ReducedObject): ConfigMapSeen {
  const parsed = parseConfig(asObject(body.data?.['config']));
  return parsed.kind === 'ok'
    ? { body, problems: [], warnings: parsed.warnings }
    : { body, problems: parsed.problems, warnings: [] };
}

function runtimeParts(
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

function predictorParts(
  key: PredictorKey,
  gathered: Gathered,
  of: ObjectsOf,
  complete: IsComplete,
  config: ConfigFacts,
): Omit<PredictorSnapshot, keyof Surroundings> {
  const kind = kindOf(key);
  const records = gathered.objects.filter(({ source }) => source === MESH_SOURCE);
  const record = records.find(({ name }) => name === `vmodels/${key.name}`);
  const hasHome = (gathered.indexes[1]?.length ?? 0) > 0;
  return {
    key,
    object: of(kind)[0],
    objectsComplete: complete(kind),
    vmodel: record && parseVModel(record),
    meshComplete: gathered.sources[MESH_SOURCE]?.complete === true,
    homeless: complete('deployments') && !hasHome,
    podsKnown: complete('deployments'),
    runtimes: runtimesSeen(gathered, complete, hasHome),
    storage: storageSeen(gathered, complete, config),
    copies: copiesIn(records),
    endpoints: config.kind === 'ok' ? endpointsOf(config.config, gathered.indexes[0] ?? []) : [],
  };
}

function kindOf({ owner }: PredictorKey): 'inferenceServices' | 'predictors' {
  return owner === 'isvc' ? 'inferenceServices' : 'predictors';
}

/** `host:port` of the ready pods behind the Service that the configuration names; or the one endpoint that it gives. */
function endpointsOf({ inferenceServiceName, modelMeshEndpoint }: MeshConfig, members: readonly string[]): string[] {
  if (modelMeshEndpoint !== '') return [modelMeshEndpoint];
  return members
    .map((member) => member.split(' '))
    .flatMap(([service, address]) => (service === inferenceServiceName && address !== undefined ? [address] : []));
}

/** Malformed records read as nobody's. */
export function parseVModel({ body }: ViewedObject): VModelRecord {
  const record = (typeof body === 'object' && body !== null ? body : {}) as JsonObject;
  const text = (field: string): string => (typeof record[field] === 'string' ? record[field] : '');
  return { owner: text('o'), active: text('amid'), target: text('tmid'), failed: record['failed'] === true };
}

/** The configuration of a snapshot whose `config` was found good. */
export function configOf(snapshot: Snapshot): MeshConfig | undefined {
  return snapshot.config.kind === 'ok' ? snapshot.config.config : undefined;
}
