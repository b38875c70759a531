import type { KindName } from '../objects/kinds.ts';
import {
  podsIndex,
  readyAddresses,
  serviceOf,
  type DeploymentFacts,
  type ModelFacts,
  type NamespaceFacts,
  type RuntimeFacts,
} from './facts.ts';
import type { ReducedObject } from '../objects/reduce.ts';
import { claimIndex, endpointsIndex, entryIndex, wantedIndex, claimEntriesIndex } from './indexes.ts';
import { supportedTypes } from '../objects/runtime-labels.ts';
import { formatKey, type Owner } from '../objects/work-key.ts';
import type { WakeSet } from './wake-set.ts';
import type { StorageFacts } from '../objects/storage-secret.ts';

const NOTHING: WakeSet = { keys: [], wakes: [], indexes: [] };

/** Every key there is: those that own an object (index `keys`, kept by the recording script), and runtimes that are only wanted. */
export const EVERY_KEY: readonly string[] = ['{keys}', 'runtime/{namespaces}/{clusterruntimes}'];

/** From change to keys: the one place that knows which keys a change affects. The indexes are in `indexes.ts`. */
export function changeToKeys(kind: KindName, body: ReducedObject, facts: unknown): WakeSet {
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
      // The key of the controller's own namespace reports what is wrong with it.
      return { ...NOTHING, keys: [meshKey(namespace)], wakes: EVERY_KEY };
    case 'services':
    case 'typeConstraints':
    case 'serviceMonitors':
      return { ...NOTHING, keys: [meshKey(namespace)] };
    case 'etcdSecrets':
      return { ...NOTHING, keys: [meshKey(namespace)], wakes: ['mesh/{namespaces}'] };
    case 'storageSecrets':
      return withRuntimes(namespace, storageChange(namespace, facts as StorageFacts));
    case 'persistentVolumeClaims':
      return { ...NOTHING, wakes: [...runtimesIn(namespace), ...modelsOnClaim(namespace, name)] };
    case 'deployments':
      return deploymentChange(namespace, body, facts as DeploymentFacts);
    case 'horizontalPodAutoscalers':
      return { ...NOTHING, keys: keyOfRuntime(namespace, body) };
    case 'endpointSlices':
      return {
        keys: [],
        wakes: [`predictor/${namespace}/{predictors:${namespace}}`, `predictor/${namespace}/{vmodels:${namespace}}`],
        indexes: readyAddresses(body).map((address) => `${endpointsIndex(namespace)} ${serviceOf(body)} ${address}`),
      };
  }
}

function meshKey(namespace: string): string {
  return formatKey({ kind: 'mesh', namespace });
}

function runtimesIn(namespace: string): readonly string[] {
  return [`runtime/${namespace}/{runtimes:${namespace}}`, `runtime/${namespace}/{clusterruntimes}`];
}

/** Every pod shows the claims that the storage Secret names. */
function withRuntimes(namespace: string, change: WakeSet): WakeSet {
  return { ...change, wakes: [...runtimesIn(namespace), ...change.wakes] };
}

function runtimeChange(namespace: string, name: string, { labels }: RuntimeFacts): WakeSet {
  const serving = supportedTypes(labels).map((type) => `serving:${namespace}:${encodeURIComponent(type)} ${name}`);
  if (namespace === '') {
    return {
      keys: [`runtime/{namespaces}/${name}`],
      wakes: ['predictor/{predictors}', 'mesh/{namespaces}'],
      indexes: [`clusterruntimes ${name}`, ...serving],
    };
  }
  return {
    keys: [formatKey({ kind: 'runtime', namespace, name })],
    wakes: [`predictor/${namespace}/{predictors:${namespace}}`, meshKey(namespace)],
    indexes: [`runtimes:${namespace} ${name}`, ...serving],
  };
}

function predictorChange(namespace: string, owner: Owner, name: string, facts: ModelFacts | undefined): WakeSet {
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
    wakes:
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

function namespaceChange(name: string, facts: NamespaceFacts): WakeSet {
  return {
    keys: [formatKey({ kind: 'mesh', namespace: name })],
    wakes: [...runtimesIn(name), `predictor/${name}/{predictors:${name}}`],
    indexes: facts.enabled ? [`namespaces ${name}`] : [],
  };
}

/** A runtime's first ready pod, and the loss of its last, concern the models that it can hold. */
function deploymentChange(namespace: string, body: ReducedObject, facts: DeploymentFacts): WakeSet {
  const types = supportedTypes(facts.labels).map(encodeURIComponent);
  return {
    keys: keyOfRuntime(namespace, body),
    wakes: types.map((type) => `predictor/${namespace}/{models:${namespace}:${type}}`),
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

/** Which models a storage Secret wakes: those that name an entry or a claim wait for it, or have lost it. */
function storageChange(namespace: string, { claims, entries }: StorageFacts): WakeSet {
  const named = Object.entries(entries);
  return {
    keys: [],
    wakes: [
      ...named.map(([entry]) => modelsOfEntry(namespace, entry)),
      ...claims.map((claim) => `predictor/${namespace}/{${claimIndex(namespace, claim)}}`),
    ],
    indexes: named.flatMap(([entry, { claim }]) =>
      claim === undefined ? [] : [`${claimEntriesIndex(namespace, claim)} {${entryIndex(namespace, entry)}}`],
    ),
  };
}
