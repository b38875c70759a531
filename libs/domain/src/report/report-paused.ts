import type { Obstacle } from '../reasons/obstacle.ts';
import { isPausedItself } from '../snapshot/paused.ts';
import { asObject, type Json, type JsonObject } from '../objects/reduce.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';

/** A condition of our own, beside those of the original. */
export const PAUSED_CONDITION = 'Paused';

/**
 * The status of an InferenceService that is paused: as it was, and saying so. Undefined where there is nothing to say it in: a
 * Predictor has no conditions, and a paused namespace is no reason to write to each of its objects.
 */
export function pausedStatus(
  snapshot: PredictorSnapshot,
  { reason, message }: Obstacle,
  now: number,
): JsonObject | undefined {
  const { object, key } = snapshot;
  if (object === undefined || key.owner !== 'isvc' || !isPausedItself(snapshot)) return undefined;
  const status = object.body.status ?? {};
  const given = Array.isArray(status['conditions']) ? (status['conditions'] as readonly Json[]) : [];
  const before = given.map(asObject);
  const shown = before.find(({ type }) => type === PAUSED_CONDITION);
  const since = shown?.['lastTransitionTime'] ?? new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = { type: PAUSED_CONDITION, status: 'True', reason, message, lastTransitionTime: since };
  const others = before.filter(({ type }) => type !== PAUSED_CONDITION);
  return { ...status, conditions: [...others, condition].sort(byType) };
}

function byType(a: JsonObject, b: JsonObject): number {
  return JSON.stringify(a['type']) < JSON.stringify(b['type']) ? -1 : 1;
}
