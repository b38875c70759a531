import type { Owner } from '../objects/work-key.ts';
import { asObject, type Json, type JsonObject } from '../objects/reduce.ts';

/** What of a status is ours. Of an InferenceService's components only the predictor is: others may keep a transformer there. */
const OWNED: Readonly<Record<Owner, readonly string[]>> = {
  isvc: ['observedGeneration', 'url', 'components', 'conditions', 'modelStatus'],
  ksp: [
    'available',
    'activeModelState',
    'targetModelState',
    'transitionStatus',
    'failedCopies',
    'totalCopies',
    'grpcEndpoint',
    'httpEndpoint',
    'lastFailureInfo',
  ],
};

/**
 * The smallest merge patch from the live status to the wanted one: `null` takes a field away. Undefined when nothing differs, so that
 * a status is only ever written when it says something new.
 */
export function statusPatch(owner: Owner, wanted: JsonObject, live: JsonObject | undefined): JsonObject | undefined {
  const ours = Object.fromEntries(OWNED[owner].map((field) => [field, live?.[field]]));
  const foreign = owner === 'isvc' ? asObject(live?.['components']) : {};
  const complete =
    owner === 'isvc' ? { ...wanted, components: { ...foreign, ...asObject(wanted['components']) } } : wanted;
  return mergePatch(complete, ours);
}

function mergePatch(wanted: JsonObject, live: JsonObject): JsonObject | undefined {
  const patch: Record<string, Json> = {};
  for (const field of new Set([...Object.keys(wanted), ...Object.keys(live)])) {
    const change = fieldPatch(wanted[field], live[field]);
    if (change !== undefined) patch[field] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function fieldPatch(wanted: Json, live: Json): Json {
  if (wanted === undefined || wanted === null) return live === undefined || live === null ? undefined : null;
  if (isMap(wanted)) return isMap(live) ? mergePatch(wanted, live) : wanted;
  return JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(live)) ? undefined : wanted;
}

function isMap(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists are replaced whole; inside them the order of fields means nothing. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, sorted(value[key])]),
  );
}
