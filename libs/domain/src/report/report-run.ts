import { KINDS } from '../objects/kinds.ts';
import { hashOf } from '../objects/reduce.ts';
import type { Memory } from '../snapshot/memory.ts';
import type { Outcome, Plan, Warning } from '../plan/step.ts';
import type { Obstacle } from '../reasons/obstacle.ts';
import type { PredictorSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import { pausedStatus } from './report-paused.ts';
import { reportPredictor } from './report-predictor.ts';
import { NOTHING_TO_REPORT, type Report, type ReportedEvent } from './report.ts';

/** Step 6 of the path: what to say of a run. Pure, like the plan. */
export function report(snapshot: Snapshot, plan: Plan, outcomes: readonly Outcome[], now: number): Report {
  const isModel = snapshot.key.kind === 'predictor' && plan.obstacle?.reason !== 'InvalidConfiguration';
  if (isModel && plan.obstacle?.reason !== 'Paused')
    return reportPredictor(snapshot as PredictorSnapshot, plan, outcomes, now);
  const error = outcomes.find((outcome) => outcome.kind === 'failed')?.error;
  const warnings = warningsOf(plan);
  const emitted = new Set(snapshot.memory.emittedEvents);
  const last = plan.steps.at(-1);
  return {
    ...NOTHING_TO_REPORT,
    status: isModel && plan.obstacle ? pausedStatus(snapshot as PredictorSnapshot, plan.obstacle, now) : undefined,
    events: [...warnings.filter((warning) => !emitted.has(idOf(warning))).map(toEvent), ...driftEvents(outcomes)],
    reason: plan.obstacle?.reason ?? (last === undefined || !('reason' in last) ? 'UpToDate' : last.reason),
    lookAgainMs: plan.lookAgainMs,
    memory: error === undefined ? memoryAfter(snapshot, plan, warnings, outcomes) : undefined,
    error,
  };
}

/** A wrong configuration concerns every key: the key that owns the ConfigMap says so for all of them. */
function warningsOf({ obstacle, warnings }: Plan): readonly Warning[] {
  return obstacle === undefined || obstacle.reason === 'InvalidConfiguration' ? warnings : [obstacle, ...warnings];
}

function idOf({ reason, message }: Obstacle): string {
  return hashOf(`${reason} ${message}`);
}

function toEvent(warning: Warning): ReportedEvent {
  return { type: warning.reason === 'Paused' ? 'Normal' : 'Warning', ...warning };
}

function driftEvents(outcomes: readonly Outcome[]): ReportedEvent[] {
  return outcomes.flatMap(({ kind, step }) => {
    if (kind !== 'done' || step.kind !== 'apply' || step.reason !== 'DriftRepaired') return [];
    const { target, difference, changedBy } = step;
    const by = changedBy === undefined ? '' : ` by ${changedBy}`;
    const message = `${KINDS[target.kind].kind} ${target.name}: ${difference} was modified externally${by} and has been restored`;
    return [{ type: 'Warning' as const, reason: step.reason, message }];
  });
}

function memoryAfter(
  snapshot: Snapshot,
  { memory }: Plan,
  warnings: readonly Warning[],
  outcomes: readonly Outcome[],
): Memory {
  const copied = outcomes.flatMap((outcome) => (outcome.kind === 'done' && outcome.copied ? [outcome.copied] : []))[0];
  const emittedEvents = warnings.map(idOf);
  return {
    ...memory,
    ...(copied === undefined ? {} : { copied }),
    live: 'live' in snapshot && Object.keys(snapshot.live).length > 0 ? snapshot.live : undefined,
    emittedEvents: emittedEvents.length === 0 ? undefined : emittedEvents,
  };
}
