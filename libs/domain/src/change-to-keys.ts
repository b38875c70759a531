import type { KindName } from './kinds.ts';
import { readyAddresses, serviceOf, type NamespaceFacts } from './facts.ts';
import type { ReducedObject } from './reduce.ts';
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
 * `namespaces` (the enabled ones), `runtimes:<namespace>` (names of ServingRuntimes), `clusterruntimes` (names), `predictors` (`namespace/owner/name`), `predictors:<namespace>` (`owner/name`),
 * `vmodels:<namespace>` (`owner/name` of every VModel that may be an object's, also when the object is gone),
 * `endpoints:<namespace>:<service>` (`host:port` of the mesh's ready pods, which plans read and nobody is woken for).
 */
export function changeToKeys(kind: KindName, body: ReducedObject, facts: unknown): Concerned {
  const { name, namespace = '' } = body.metadata;
  switch (kind) {
    case 'inferenceServices':
      return predictorChange(namespace, 'isvc', name);
    case 'predictors':
      return predictorChange(namespace, 'ksp', name);
    case 'servingRuntimes':
      return {
        keys: [formatKey({ kind: 'runtime', namespace, name })],
        concerns: [`predictor/${namespace}/{predictors:${namespace}}`],
        indexes: [`runtimes:${namespace} ${name}`],
      };
    case 'clusterServingRuntimes':
      return {
        keys: [`runtime/{namespaces}/${name}`],
        concerns: ['predictor/{predictors}'],
        indexes: [`clusterruntimes ${name}`],
      };
    case 'namespaces':
      return namespaceChange(name, facts as NamespaceFacts);
    case 'config':
      return { ...NOTHING, concerns: EVERY_KEY };
    case 'services':
      return { ...NOTHING, keys: [formatKey({ kind: 'mesh', namespace })] };
    case 'deployments': {
      const runtime = runtimeOf(body);
      return runtime === undefined
        ? NOTHING
        : { ...NOTHING, keys: [formatKey({ kind: 'runtime', namespace, name: runtime })] };
    }
    case 'endpointSlices':
      return {
        keys: [],
        concerns: [`predictor/${namespace}/{predictors:${namespace}}`, `predictor/${namespace}/{vmodels:${namespace}}`],
        indexes: readyAddresses(body).map((address) => `${endpointsIndex(namespace, serviceOf(body))} ${address}`),
      };
  }
}

export function endpointsIndex(namespace: string, service: string): string {
  return `endpoints:${namespace}:${service}`;
}

function predictorChange(namespace: string, owner: Owner, name: string): Concerned {
  return {
    keys: [formatKey({ kind: 'predictor', namespace, owner, name })],
    concerns: [],
    indexes: [`predictors ${namespace}/${owner}/${name}`, `predictors:${namespace} ${owner}/${name}`],
  };
}

function namespaceChange(name: string, facts: NamespaceFacts): Concerned {
  return {
    keys: [formatKey({ kind: 'mesh', namespace: name })],
    concerns: [
      `runtime/${name}/{runtimes:${name}}`,
      `runtime/${name}/{clusterruntimes}`,
      `predictor/${name}/{predictors:${name}}`,
    ],
    indexes: facts.enabled ? [`namespaces ${name}`] : [],
  };
}

/** The runtime that a Deployment belongs to: its controlling owner. */
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
