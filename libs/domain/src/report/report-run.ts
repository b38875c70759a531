import type { Outcome, Plan } from '../plan/step.ts';
import type { PredictorSnapshot, Snapshot } from '../snapshot.ts';
import { reportPredictor } from './report-predictor.ts';
import { NOTHING_TO_REPORT, type Report } from './report.ts';

/** Step 6 of the path: what to say of a run. Pure, like the plan. */
export function report(snapshot: Snapshot, plan: Plan, outcomes: readonly Outcome[], now: number): Report {
  if (snapshot.key.kind === 'predictor' && plan.obstacle?.reason !== 'InvalidConfiguration') {
    return reportPredictor(snapshot as PredictorSnapshot, plan, outcomes, now);
  }
  const error = outcomes.find((outcome) => outcome.kind === 'failed')?.error;
  if (plan.obstacle !== undefined) {
    // A wrong configuration concerns every key: it is said once, where it was recorded, not for each of them.
    const events = plan.obstacle.reason === 'InvalidRuntime' ? [{ type: 'Warning' as const, ...plan.obstacle }] : [];
    return { ...NOTHING_TO_REPORT, events, reason: plan.obstacle.reason, error };
  }
  const last = plan.steps.at(-1);
  return {
    ...NOTHING_TO_REPORT,
    reason: last === undefined || last.kind === 'askVModel' ? 'UpToDate' : last.reason,
    error,
  };
}
