import { factsOf, type ConfigFacts, type FactsContext } from './facts.ts';
import { changeToKeys } from './change-to-keys.ts';
import { modelToKeys, vmodelIndexes, vmodelToKeys } from './record-to-keys.ts';
import { KINDS, type KindName } from '../objects/kinds.ts';
import type { Change } from '../ports/event-log.ts';
import type { MeshRecordSeen } from '../ports/mesh-records.ts';
import { reduce, type KubeObject } from '../objects/reduce.ts';

/** An object as it was seen, as a change to record: reduced, with its facts and whom it wakes. */
export function toChange(kind: KindName, object: KubeObject, context: FactsContext): Change {
  const body = reduce(kind, object);
  const facts = factsOf(kind, body, context);
  return {
    op: 'put',
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    revision: object.metadata.resourceVersion ?? '0',
    body: JSON.stringify(body),
    ...factsText(facts),
    ...changeToKeys(kind, body, facts),
  };
}

/** A bad configuration counts only where no good one is known: the last good one stays in force. */
function factsText(facts: unknown): Pick<Change, 'facts' | 'fallbackFacts'> {
  if (facts === undefined) return { facts: '' };
  const isBad = (facts as Partial<ConfigFacts>).kind === 'bad';
  return { facts: JSON.stringify(facts), ...(isBad && { fallbackFacts: true }) };
}

/** The end of an object at the revision of its deletion. What it concerned is remembered where it was recorded. */
export function toAbsence(kind: KindName, object: KubeObject, context: FactsContext): Change {
  return { ...toChange(kind, object, context), op: 'absent', body: '', facts: '', wakes: [], indexes: [] };
}

export function toRecordChange({ namespace, table, id, value, revision }: MeshRecordSeen): Change {
  const body = value === undefined ? '' : validJson(value);
  const keys = table === 'vmodels' ? vmodelToKeys(namespace, id, ownerIn(body)) : modelToKeys(namespace, id);
  const indexes = table === 'vmodels' && value !== undefined ? vmodelIndexes(namespace, id, ownerIn(body)) : [];
  return {
    op: value === undefined ? 'absent' : 'put',
    namespace,
    name: `${table}/${id}`,
    revision,
    body,
    facts: '',
    keys,
    wakes: [],
    indexes,
  };
}

/** Every record is recorded; one that is not JSON, as text. */
function validJson(value: string): string {
  try {
    JSON.parse(value);
    return value;
  } catch {
    return JSON.stringify(value);
  }
}

function ownerIn(body: string): string {
  const record: unknown = body === '' ? undefined : JSON.parse(body);
  const owner = typeof record === 'object' && record !== null ? (record as { readonly o?: unknown }).o : undefined;
  return typeof owner === 'string' ? owner : '';
}

/** The kind that a source holds; undefined for the mesh. */
export function kindOfSource(source: string): KindName | undefined {
  return (Object.keys(KINDS) as KindName[]).find((name) => KINDS[name].source === source);
}
