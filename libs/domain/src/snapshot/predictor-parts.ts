import type { MeshConfig } from '../config/mesh-config.ts';
import { readCopies, type Copy } from '../objects/model-copies.ts';
import type { ConfigFacts } from '../changes/facts.ts';
import { MESH_SOURCE } from '../objects/kinds.ts';
import type { Gathered, ViewedObject } from '../ports/event-log.ts';
import type { JsonObject } from '../objects/reduce.ts';
import type { StorageFacts } from '../objects/storage-secret.ts';
import type { PredictorKey } from '../objects/work-key.ts';
import { kindOf } from './gather-request.ts';
import { namedRuntimes, type IsComplete, type ObjectsOf } from './parts.ts';
import type { NamedRuntime, PredictorSnapshot, StorageSeen, Surroundings, VModelRecord } from './snapshot.ts';

export function predictorParts(
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
    hasNoReadyRuntime: complete('deployments') && !hasHome,
    podsKnown: complete('deployments'),
    runtimes: runtimesSeen(gathered, complete, hasHome),
    storage: storageSeen(gathered, complete, config),
    copies: copiesIn(records),
    endpoints: config.kind === 'ok' ? endpointsOf(config.config, gathered.indexes[0] ?? []) : [],
  };
}

/** `host:port` of the ready pods behind the Service that the configuration names; or the one endpoint that it gives. */
function endpointsOf({ inferenceServiceName, modelMeshEndpoint }: MeshConfig, members: readonly string[]): string[] {
  if (modelMeshEndpoint !== '') return [modelMeshEndpoint];
  return members
    .map((member) => member.split(' '))
    .flatMap(([service, address]) => (service === inferenceServiceName && address !== undefined ? [address] : []));
}

/** A malformed record has no owner. */
export function parseVModel({ body }: ViewedObject): VModelRecord {
  const record = (typeof body === 'object' && body !== null ? body : {}) as JsonObject;
  const text = (field: string): string => (typeof record[field] === 'string' ? record[field] : '');
  return { owner: text('o'), active: text('amid'), target: text('tmid'), failed: record['failed'] === true };
}

/** With a ready pod, runtimes may not have been requested. */
function runtimesSeen(
  { facts }: Gathered,
  complete: IsComplete,
  hasHome: boolean,
): readonly NamedRuntime[] | undefined {
  if (!complete('servingRuntimes') || !complete('clusterServingRuntimes')) return undefined;
  const [, , ofNamespace = {}, ofCluster = {}] = facts;
  const all = [...namedRuntimes('ServingRuntime', ofNamespace), ...namedRuntimes('ClusterServingRuntime', ofCluster)];
  return hasHome && all.length === 0 ? undefined : all;
}

function storageSeen({ facts }: Gathered, complete: IsComplete, config: ConfigFacts): StorageSeen | undefined {
  if (config.kind !== 'ok' || !complete('storageSecrets') || !complete('persistentVolumeClaims')) return undefined;
  const [, , , , secrets = {}, claims = {}] = facts;
  const { storageSecretName: secretName } = config.config;
  return { secretName, secret: secrets[secretName] as StorageFacts | undefined, claims: Object.keys(claims) };
}

function copiesIn(records: readonly ViewedObject[]): Readonly<Record<string, readonly Copy[]>> {
  const models = records.filter(({ name }) => name.startsWith('registry/'));
  return Object.fromEntries(models.map(({ name, body }) => [name.slice('registry/'.length), readCopies(body)]));
}
