import type { Obstacle } from '../reasons/obstacle.ts';
import type { ModelView } from '../status/model-view.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import type { GateName } from './gate.ts';
import { firstOpen, gatesOf } from './gates-of.ts';
import { seenInView } from './seen-model.ts';

/** What the mesh says when it only knows that no pod can hold a model. */
const VAGUE: readonly string[] = ['RuntimeUnhealthy', 'NoSupportingRuntime', 'RuntimeNotRecognized'];
const BEFORE_THE_MESH: readonly GateName[] = ['runtime', 'storage', 'pods'];

/**
 * Why a model is not ready, where the first open gate says it better than the mesh; undefined where the mesh's own word is the best.
 * A load that failed since its storage is not there keeps the message of the server that tried.
 */
export function preciseCause(snapshot: PredictorSnapshot, view: ModelView): Obstacle | undefined {
  const { failure } = view;
  if (failure === undefined) return undefined;
  const isVague = VAGUE.includes(failure.reason);
  if (!isVague && failure.reason !== 'ModelLoadFailed') return undefined;
  const first = firstOpen(gatesOf(snapshot, seenInView(view)));
  if (first?.reason === undefined) return undefined;
  const { name, reason, message } = first;
  if (isVague) return BEFORE_THE_MESH.includes(name) ? { reason, message } : undefined;
  return name === 'storage' ? { reason, message: `${message}; the load failed: ${failure.message}` } : undefined;
}
