import { isPaused, PAUSED_ANNOTATION } from '../changes/facts.ts';
import type { Snapshot, Viewed } from './snapshot.ts';
import type { Obstacle } from '../reasons/obstacle.ts';

/** Why nothing is written for a key for now: its object or its whole namespace is paused. Undefined when neither is. */
export function pauseOf(snapshot: Snapshot): Obstacle | undefined {
  const own = ownObject(snapshot);
  const { namespace } = snapshot.key;
  if (own !== undefined && isPaused(own.body)) return paused(`this object`);
  return snapshot.namespacePaused ? paused(`namespace ${namespace}`) : undefined;
}

/** Paused by itself, and not with its namespace: only then does its status say so. */
export function isPausedItself(snapshot: Snapshot): boolean {
  const own = ownObject(snapshot);
  return own !== undefined && isPaused(own.body);
}

function ownObject(snapshot: Snapshot): Viewed | undefined {
  if ('object' in snapshot) return snapshot.object;
  return 'runtime' in snapshot ? snapshot.runtime : undefined;
}

function paused(what: string): Obstacle {
  return {
    reason: 'Paused',
    message: `Reconciliation is paused by annotation ${PAUSED_ANNOTATION}: "true" of ${what}`,
  };
}
