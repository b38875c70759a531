import type { KindName } from './kinds.ts';
import {
  podsIndex,
  readyAddresses,
  serviceOf,
  type DeploymentFacts,
  type ModelFacts,
  type NamespaceFacts,
  type RuntimeFacts,
} from './facts.ts';
import type { ReducedObject } from './reduce.ts';
import type { StorageFacts } from './storage-facts.ts';
import { supportedTypes } from './runtime-labels.ts';
import { formatKey, OWNERS, type Owner } from './work-key.ts';

/**
 * What a change of one object wakes. `keys` own the object: every change of it concerns them. `concerns` are neighbours, woken only
 * when its facts change. Either may be a pattern, whose holes name indexes: `runtime/{namespaces}/triton-2.x`.
 * `indexes` are `index member` pairs that fill such holes.
 */
export type Concerned = {
  readonly keys: readonly string[];
  readonly concerns: readonly string[];
  readonly indexes: readonly string[];
};

const NOTHING: Concerned = { keys: [], concerns: [], indexes: [] };

/** Every key there is: those that own an object (index `keys`, kept by the recording script), and runtimes that are only wanted. */
export const EVERY_KEY: readonly string[] = ['{keys}', 'runtime/{namespaces}/{clusterruntimes}'];

/**
 * From change to keys: the one place that knows who cares about what. Indexes:
 * `namespaces` (the enabled ones), `runtimes:<namespace>` (names of ServingRuntimes), `clusterruntimes` (names),
 * `predictors` (`namespace/owner/name`), `predictors:<namespace>` (`owner/name`),
 * `vmodels:<namespace>` (`owner/name` of every VModel that may be an object's, also when the object is gone),
 * `endpoints:<namespace>` (`service host:port` of the mesh's ready pods, which plans read and nobody is woken for),
 * `wanted:<namespace>` (`type` or `type claim` of its models, encoded), `models:<namespace>:<type>` (`owner/name` of the models of a type),
 * `entry:<namespace>:<entry>` and `claim:<namespace>:<claim>` (`owner/name` of the models that name an entry of the storage Secret, or a
 * claim), `claimentries:<namespace>:<claim>` (patterns of the models whose entry lies on a claim),
 * `pods:<namespace>:<type>` (Deployments with ready pods that can hold it), and who can serve a type: `serving:<namespace>:<type>` and
 * `serving::<type>` (names of ServingRuntimes and of ClusterServingRuntimes).
 */
export function changeToKeys(kind: KindName, body: ReducedObject, facts: unknown): Concerned {
  const { name, namespace = '' } = body.metadata;
  switch (kind) {
    case 'inferenceServices':
      return predictorChange(namespace, 'isvc', name, facts as ModelFacts | undefined);
    case 'predictors':
      return predictorChange(namespace, 'ksp', name, facts as ModelFacts | undefined);
    case 'servingRuntimes':
    case 'clusterServingRuntimes':
      return runtimeChange(kind === 'servingRuntimes' ? namespace : '', name, facts as RuntimeFacts);
    case 'namespaces':
      return namespaceChange(name, facts as NamespaceFacts);
    case 'config':
      // The controller's own namespace tells what is wrong with it.
      return { ...NOTHING, keys: [meshKey(namespace)], concerns: EVERY_KEY };
    case 'services':
    case 'typeConstraints':
    case 'serviceMonitors':
      return { ...NOTHING, keys: [meshKey(namespace)] };
    case 'etcdSecrets':
      return { ...NOTHING, keys: [meshKey(namespace)], concerns: ['mesh/{namespaces}'] };
    case 'storageSecrets':
      return storageChange(namespace, facts as StorageFacts);
    case 'persistentVolumeClaims':
      return { ...NOTHING, concerns: [...runtimesIn(namespace), ...modelsOnClaim(namespace, name)] };
    case 'deployments':
      return deploymentChange(namespace, body, facts as DeploymentFacts);
    case 'horizontalPodAutoscalers':
      return { ...NOTHING, keys: keyOfRuntime(namespace, body) };
    case 'endpointSlices':
      return {
        keys: [],
        concerns: [`predictor/${namespace}/{predictors:${namespace}}`, `predictor/${namespace}/{vmodels:${namespace}}`],
        indexes: readyAddresses(body).map((address) => `${endpointsIndex(namespace)} ${serviceOf(body)} ${address}`),
      };
  }
}

export function endpointsIndex(namespace: string): string {
  return `endpoints:${namespace}`;
}

export function wantedIndex(namespace: string): string {
  return `wanted:${namespace}`;
}

/** What a member of that index says. Names in it are a user's, and may hold anything. */
export function parseWanted(member: string): ModelFacts {
  const [label = '', claim] = member.split(' ').map(decodeURIComponent);
  return claim === undefined ? { label } : { label, claim };
}

function meshKey(namespace: string): string {
  return formatKey({ kind: 'mesh', namespace });
}

function runtimesIn(namespace: string): readonly string[] {
  return [`runtime/${namespace}/{runtimes:${namespace}}`, `runtime/${namespace}/{clusterruntimes}`];
}

function runtimeChange(namespace: string, name: string, { labels }: RuntimeFacts): Concerned {
  const serving = supportedTypes(labels).map((type) => `serving:${namespace}:${encodeURIComponent(type)} ${name}`);
  if (namespace === '') {
    return {
      keys: [`runtime/{namespaces}/${name}`],
      concerns: ['predictor/{predictors}', 'mesh/{namespaces}'],
      indexes: [`clusterruntimes ${name}`, ...serving],
    };
  }
  return {
    keys: [formatKey({ kind: 'runtime', namespace, name })],
    concerns: [`predictor/${namespace}/{predictors:${namespace}}`, meshKey(namespace)],
    indexes: [`runtimes:${namespace} ${name}`, ...serving],
  };
}

function predictorChange(namespace: string, owner: Owner, name: string, facts: ModelFacts | undefined): Concerned {
  const type = encodeURIComponent(facts?.label ?? '');
  const claim = facts?.claim === undefined ? '' : ` ${encodeURIComponent(facts.claim)}`;
  const storage = [
    ...(facts?.entry === undefined ? [] : [`${entryIndex(namespace, facts.entry)} ${owner}/${name}`]),
    ...(facts?.claim === undefined ? [] : [`${claimIndex(namespace, facts.claim)} ${owner}/${name}`]),
  ];
  const known = [`predictors ${namespace}/${owner}/${name}`, `predictors:${namespace} ${owner}/${name}`];
  return {
    keys: [formatKey({ kind: 'predictor', namespace, owner, name })],
    // The first model of a type brings up the runtimes that serve it, and the last one's going may take them down.
    concerns:
      facts === undefined
        ? []
        : [`runtime/${namespace}/{serving:${namespace}:${type}}`, `runtime/${namespace}/{serving::${type}}`],
    indexes:
      facts === undefined
        ? known
        : [
            ...known,
            `${wantedIndex(namespace)} ${type}${claim}`,
            `models:${namespace}:${type} ${owner}/${name}`,
            ...storage,
          ],
  };
}

/** Names of entries and claims are a user's, and may hold anything. */
function entryIndex(namespace: string, entry: string): string {
  return `entry:${namespace}:${encodeURIComponent(entry)}`;
}

function claimIndex(namespace: string, claim: string): string {
  return `claim:${namespace}:${encodeURIComponent(claim)}`;
}

function modelsOfEntry(namespace: string, entry: string): string {
  return `predictor/${namespace}/{${entryIndex(namespace, entry)}}`;
}

/** Those that name the claim, and those that name an entry which does. The second hole is filled by a pattern with a hole of its own. */
function modelsOnClaim(namespace: string, claim: string): readonly string[] {
  return [
    `predictor/${namespace}/{${claimIndex(namespace, claim)}}`,
    `predictor/${namespace}/{${claimEntriesIndex(namespace, claim)}}`,
  ];
}

function claimEntriesIndex(namespace: string, claim: string): string {
  return `claimentries:${namespace}:${encodeURIComponent(claim)}`;
}

/** The models that name an entry or a claim wait for it, or have lost it. */
function storageChange(namespace: string, { claims, entries }: StorageFacts): Concerned {
  const named = Object.entries(entries);
  return {
    keys: [],
    concerns: [
      ...runtimesIn(namespace),
      ...named.map(([entry]) => modelsOfEntry(namespace, entry)),
      ...claims.map((claim) => `predictor/${namespace}/{${claimIndex(namespace, claim)}}`),
    ],
    indexes: named.flatMap(([entry, { claim }]) =>
      claim === undefined ? [] : [`${claimEntriesIndex(namespace, claim)} {${entryIndex(namespace, entry)}}`],
    ),
  };
}

function namespaceChange(name: string, facts: NamespaceFacts): Concerned {
  return {
    keys: [formatKey({ kind: 'mesh', namespace: name })],
    concerns: [...runtimesIn(name), `predictor/${name}/{predictors:${name}}`],
    indexes: facts.enabled ? [`namespaces ${name}`] : [],
  };
}

/** A runtime's first ready pod, and the loss of its last, concern the models that it can hold. */
function deploymentChange(namespace: string, body: ReducedObject, facts: DeploymentFacts): Concerned {
  const types = supportedTypes(facts.labels).map(encodeURIComponent);
  return {
    keys: keyOfRuntime(namespace, body),
    concerns: types.map((type) => `predictor/${namespace}/{models:${namespace}:${type}}`),
    indexes: facts.available ? types.map((type) => `${podsIndex(namespace, type)} ${body.metadata.name}`) : [],
  };
}

function keyOfRuntime(namespace: string, body: ReducedObject): readonly string[] {
  const name = runtimeOf(body);
  return name === undefined ? [] : [formatKey({ kind: 'runtime', namespace, name })];
}

/** The runtime that a Deployment or autoscaler belongs to: its controlling owner. */
function runtimeOf(body: ReducedObject): string | undefined {
  const owner = body.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner?.kind === 'ServingRuntime' || owner?.kind === 'ClusterServingRuntime' ? owner.name : undefined;
}

const CONCRETE_ID = /^(.+)__(isvc|ksp)-[0-9a-f]{10}$/;

/** Whose model a registry record is: its id is `<name>__<owner>-<10 hex>`. Undefined for models of others. */
export function ownerOfModel(modelId: string): { readonly name: string; readonly owner: Owner } | undefined {
  const [, name, owner] = CONCRETE_ID.exec(modelId) ?? [];
  if (name === undefined || name.includes('/')) return undefined;
  return { name, owner: owner as Owner };
}

/** A VModel without an owner, or one that is gone, may be anybody's: both are woken. */
export function vmodelToKeys(namespace: string, vModelId: string, recordOwner: string): readonly string[] {
  if (vModelId.includes('/')) return [];
  const known = OWNERS.filter((owner) => owner === recordOwner);
  return (known.length > 0 ? known : OWNERS).map((owner) =>
    formatKey({ kind: 'predictor', namespace, owner, name: vModelId }),
  );
}

/** Where patterns find the keys of a VModel after its object is gone. */
export function vmodelIndexes(namespace: string, vModelId: string, recordOwner: string): readonly string[] {
  return vmodelToKeys(namespace, vModelId, recordOwner).map(
    (key) => `vmodels:${namespace} ${key.split('/').slice(2).join('/')}`,
  );
}

export function modelToKeys(namespace: string, modelId: string): readonly string[] {
  const found = ownerOfModel(modelId);
  return found === undefined ? [] : [formatKey({ kind: 'predictor', namespace, owner: found.owner, name: found.name })];
}
