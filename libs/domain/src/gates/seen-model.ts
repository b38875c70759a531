import type { ModelView } from '../status/model-view.ts';
import type { ModelState, ShownStatus } from '../status/shown-status.ts';

/** What was last heard of a model, whether from the mesh just now or from its object's status. */
export type SeenModel = {
  readonly ready: boolean;
  readonly readyModelId: string;
  readonly activeState: ModelState;
  readonly targetState: ModelState;
  readonly failureReason: string;
  readonly failureMessage: string;
};

export function seenInStatus({ ready, readyModelId, activeState, targetState, ...shown }: ShownStatus): SeenModel {
  const { failureReason, failureMessage } = shown;
  return { ready, readyModelId, activeState, targetState, failureReason, failureMessage };
}

export function seenInView({ ready, readyModelId, activeState, targetState, failure }: ModelView): SeenModel {
  const { reason: failureReason = '', message: failureMessage = '' } = failure ?? {};
  return { ready, readyModelId, activeState, targetState, failureReason, failureMessage };
}
