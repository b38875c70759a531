import { formatKey, OWNERS, type Owner } from '../objects/work-key.ts';

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
