import type { Snapshot } from '../snapshot/snapshot.ts';
import { pauseOf } from '../snapshot/paused.ts';
import { planMesh } from './plan-mesh.ts';
import { planPredictor } from './plan-predictor.ts';
import { planRuntime } from './plan-runtime.ts';
import { planOf, type Plan } from './step.ts';

/** Step 4 of the path: what to do for a key, as data. Pure: the same snapshot and time always give the same plan. */
export function plan(snapshot: Snapshot, now: number): Plan {
  const pause = pauseOf(snapshot);
  if (pause !== undefined) return planOf(snapshot, { obstacle: pause });
  if (snapshot.config.kind === 'bad') {
    const message = `ConfigMap model-serving-config: ${snapshot.config.problems.join('; ')}`;
    return planOf(snapshot, { obstacle: { reason: 'InvalidConfiguration', message } });
  }
  switch (snapshot.key.kind) {
    case 'mesh':
      return planMesh(snapshot as Extract<Snapshot, { key: { kind: 'mesh' } }>);
    case 'runtime':
      return planRuntime(snapshot as Extract<Snapshot, { key: { kind: 'runtime' } }>, now);
    case 'predictor':
      return planPredictor(snapshot as Extract<Snapshot, { key: { kind: 'predictor' } }>, now);
  }
}
