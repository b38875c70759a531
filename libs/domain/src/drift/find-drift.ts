import { ownerOfModel, vmodelToKeys } from '../changes/record-to-keys.ts';
import { formatKey, OWNERS, type Owner } from '../objects/work-key.ts';
import type { DriftInput, ModelObject, SeenModel, SeenVModel } from './drift-view.ts';

/** Each way in which the mesh, the objects and the pods may say different things; also the label of the metric. */
export const DRIFT_KINDS = [
  'VModelWithoutObject',
  'ObjectWithoutVModel',
  'WrongOwner',
  'WrongTarget',
  'ReadyWithoutPods',
  'ModelWithoutVModel',
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

export type Finding = {
  readonly kind: DriftKind;
  readonly namespace: string;
  /** Of the object, the VModel, or the model in the registry. */
  readonly name: string;
  readonly message: string;
  /** Whose runs would end it. While one of them is due, runs, or saw a change a moment ago, this is work under way and no drift. */
  readonly keys: readonly string[];
};

const KIND_OF: Readonly<Record<Owner, string>> = { isvc: 'InferenceService', ksp: 'Predictor' };

/**
 * Where objects, the mesh's records and the pods disagree, in the order of namespaces and names. Nothing is concluded from what is missing
 * in a source that is not listed whole, and nothing of what is paused. What is found is a moment's look: the caller leaves out what is being worked at.
 */
export function findDrift(input: DriftInput): readonly Finding[] {
  const objects = Map.groupBy(input.objects, idOf);
  const vmodels = new Map(input.vmodels.map((vmodel) => [idOf(vmodel), vmodel]));
  const types = new Map(input.models.map((model) => [idOf(model), model.type]));
  const named = new Set(
    input.vmodels.flatMap(({ namespace, active, target }) => [`${namespace}/${active}`, `${namespace}/${target}`]),
  );
  const findings = [
    ...input.vmodels.flatMap((vmodel) => judgeVModel(input, vmodel, objects.get(idOf(vmodel)) ?? [])),
    ...input.objects.flatMap((object) => judgeObject(input, object, vmodels.get(idOf(object)), types)),
    ...input.models.filter((model) => input.complete.mesh && !named.has(idOf(model))).map(unnamedModel),
  ];
  return findings.sort((a, b) => compare(orderOf(a), orderOf(b)));
}

function judgeVModel(
  { complete, paused }: DriftInput,
  vmodel: SeenVModel,
  namesakes: readonly ModelObject[],
): readonly Finding[] {
  const { namespace, name, owner, target } = vmodel;
  const owners = OWNERS.filter((each) => owner === '' || each === owner);
  const isKnown = (owners.length === 0 ? OWNERS : owners).every((each) => complete[each]);
  // One of another owner says so itself.
  if (!isKnown || namesakes.length > 0 || paused.has(namespace)) return [];
  const sought = owners.map((each) => KIND_OF[each]).join(' or ') || 'object';
  const message = `VModel ${name} is registered, with target ${target} and ${ownerText(owner)}, but there is no ${sought} of its name; ${fateOf(vmodel)}`;
  return [{ kind: 'VModelWithoutObject', namespace, name, message, keys: vmodelToKeys(namespace, name, owner) }];
}

/** Only our own is deleted: the rest has another owner, or a form that we never wrote. */
function fateOf({ name, owner, target }: SeenVModel): string {
  const own = ownerOfModel(target);
  const isOurs = own !== undefined && own.name === name && own.owner === owner;
  return isOurs
    ? 'it is deleted as soon as its namespace has pods of the mesh'
    : 'it was not made by this controller, which leaves it alone';
}

function judgeObject(
  input: DriftInput,
  object: ModelObject,
  vmodel: SeenVModel | undefined,
  types: ReadonlyMap<string, string>,
): readonly Finding[] {
  const { namespace, name, owner, wanted } = object;
  const { complete, enabled, paused } = input;
  // It was paused to stay as it is.
  if (object.paused || paused.has(namespace)) return [];
  if (!complete.namespaces || (enabled !== undefined && !enabled.has(namespace))) return [];
  const about = { namespace, name, keys: [formatKey({ kind: 'predictor', namespace, owner, name })] };
  const title = `${KIND_OF[owner]} ${name}`;
  const pods = judgePods(input, object, vmodel, types).map((message): Finding => ({
    kind: 'ReadyWithoutPods',
    ...about,
    message: `${title} ${message}`,
  }));
  if (!complete.mesh) return pods;
  if (vmodel !== undefined && vmodel.owner !== '' && vmodel.owner !== owner) {
    const message = `${title} cannot be registered: the VModel of its name has ${ownerText(vmodel.owner)}`;
    return [{ kind: 'WrongOwner', ...about, message }, ...pods];
  }
  if (wanted.kind !== 'model') return pods;
  const { targetModelId } = wanted.registration;
  if (vmodel === undefined) {
    const message = `${title} should be registered as ${targetModelId}, but the mesh has no VModel of its name`;
    return [{ kind: 'ObjectWithoutVModel', ...about, message }, ...pods];
  }
  if (vmodel.target === targetModelId) return pods;
  const message = `${title} should be registered as ${targetModelId}, but its VModel has target ${vmodel.target}`;
  return [{ kind: 'WrongTarget', ...about, message }, ...pods];
}

/** Ready speaks of the model that is active, which may be of another type than the one that is wanted now. */
function judgePods(
  { complete, held }: DriftInput,
  { namespace, owner, wanted, ready }: ModelObject,
  vmodel: SeenVModel | undefined,
  types: ReadonlyMap<string, string>,
): readonly string[] {
  if (!ready || !complete.deployments) return [];
  const isItsOwn = vmodel !== undefined && (vmodel.owner === '' || vmodel.owner === owner);
  const active = isItsOwn ? types.get(`${namespace}/${vmodel.active}`) : undefined;
  const type = active ?? (wanted.kind === 'model' ? wanted.registration.modelInfo.type : undefined);
  if (type === undefined || held.has(`${namespace} ${type}`)) return [];
  return [`shows Ready, but no ready pod can hold a model of type ${type}`];
}

function unnamedModel({ namespace, name }: SeenModel): Finding {
  const own = ownerOfModel(name);
  const message =
    own === undefined
      ? `Model ${name} is registered without a VModel; it was not made by this controller, which leaves it alone`
      : `Model ${name} is registered, but no VModel has it as its active or target model; the mesh should have removed it`;
  const keys = own === undefined ? [] : [formatKey({ kind: 'predictor', namespace, ...own })];
  return { kind: 'ModelWithoutVModel', namespace, name, message, keys };
}

function ownerText(owner: string): string {
  return owner === '' ? 'no owner' : `owner ${owner}`;
}

function idOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function orderOf({ namespace, name, kind, keys }: Finding): string {
  return `${namespace} ${name} ${DRIFT_KINDS.indexOf(kind)} ${keys[0] ?? ''}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
