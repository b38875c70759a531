import { causeOf } from './cause.ts';
import type { ModelView } from '../status/model-view.ts';
import type { ReportedEvent } from './report.ts';
import type { ShownStatus } from '../status/shown-status.ts';

/** Events for what has changed between what was shown and what is to be shown; none when nothing has. */
export function transitionEvents(shown: ShownStatus, view: ModelView): readonly ReportedEvent[] {
  return [...readinessEvents(shown, view), ...switchEvents(shown, view), ...failureEvents(shown, view)];
}

function readinessEvents(shown: ShownStatus, view: ModelView): readonly ReportedEvent[] {
  if (!shown.ready && view.ready)
    return [{ type: 'Normal', reason: 'Ready', message: `Model ${view.readyModelId} is loaded` }];
  if (shown.ready && !view.ready) {
    const { reason, message } = causeOf(view);
    return [{ type: 'Warning', reason: 'NotReady', message: `${reason}: ${message}` }];
  }
  return [];
}

function switchEvents(shown: ShownStatus, view: ModelView): readonly ReportedEvent[] {
  if (shown.transition === view.transition) return [];
  const pending = shown.transition === 'InProgress' || shown.transition === 'BlockedByFailedLoad';
  switch (view.transition) {
    case 'InProgress':
      return [
        { type: 'Normal', reason: 'TransitionStarted', message: 'Loading the new model; the old one keeps serving' },
      ];
    case 'BlockedByFailedLoad':
      return [
        {
          type: 'Warning',
          reason: 'TransitionFailed',
          message: view.failure?.message || 'The new model could not be loaded',
        },
      ];
    case 'UpToDate':
      return pending
        ? [{ type: 'Normal', reason: 'TransitionFinished', message: `Model ${view.readyModelId} has taken over` }]
        : [];
    case 'InvalidSpec':
    case '':
      return [];
  }
}

/** A failed switch has its own Event. */
function failureEvents(shown: ShownStatus, view: ModelView): readonly ReportedEvent[] {
  const { failure } = view;
  if (failure === undefined || view.transition === 'BlockedByFailedLoad') return [];
  if (failure.reason === shown.failureReason && failure.message === shown.failureMessage) return [];
  const { reason, message } = view.cause ?? failure;
  return [{ type: 'Warning', reason, message: message || 'The mesh gave no message' }];
}
