import {
  CallError,
  formatKey,
  gatherRequest,
  parseKey,
  plan,
  report,
  toSnapshot,
  type Obstacle,
  type Step,
  type WorkKey,
} from '@meshkeeper/domain';
import type { HandleRun, RunContext, RunResult } from '@meshkeeper/work-queue';
import { applySteps } from './apply-steps.ts';
import { readLiveAnswers } from './read-live-answers.ts';
import type { Ports } from './ports.ts';
import { sendReport } from './send-report.ts';

/**
 * One run of one key: steps 3 to 6 of the path. The queue has begun the run and will finish it; what this throws decides, by its
 * class, when the key runs again. A run may die anywhere: the next one starts from what is seen then.
 */
export function createHandleJob(ports: Ports): HandleRun {
  return async (context: RunContext): Promise<RunResult> => {
    // 1. The job carries a key and nothing else.
    const key = readKey(context.key);

    // 2. Gather: all that is known about it, in one round trip.
    const gathered = await ports.gather(gatherRequest(key, ports.context));
    const snapshot = await readLiveAnswers(ports, toSnapshot(key, gathered, ports.context, context.run.memory));

    // 3. Plan: a pure function says what to do, as data.
    const planned = plan(snapshot, ports.now());
    if (planned.obstacle !== undefined) logObstacle(ports, key, planned.obstacle);

    // 4. Budget: all processes share a number of status calls per second to a mesh. Without one left, the run ends and is repeated at its turn.
    const waitMs = await untilItsTurn(ports, key, planned.steps);
    if (waitMs > 0) return { lookAgainMs: waitMs, gone: false };

    // 5. Apply: one step after the other, each guarded, each logged with its cause; a failed one skips the rest.
    const outcomes = await applySteps(ports, context, { key, gathered, snapshot, steps: planned.steps });

    // 6. Report: a second pure function says what to show; written only where it differs.
    const reported = report(snapshot, planned, outcomes, ports.now());
    await sendReport(ports, context, { key, gathered, snapshot }, reported);
    ports.logger.debug(
      { key: formatKey(key), reason: reported.reason, steps: planned.steps.map(({ kind }) => kind) },
      'Run',
    );

    // 7. When to look again: by itself, by retry, or only when something changes.
    if (reported.error !== undefined) throw reported.error;
    const memory = reported.memory && JSON.stringify(reported.memory);
    return { lookAgainMs: reported.lookAgainMs, gone: reported.gone, memory };
  };
}

/** Milliseconds until a plan that asks the mesh may ask; 0 for now. */
async function untilItsTurn({ budget, writes }: Ports, key: WorkKey, steps: readonly Step[]): Promise<number> {
  if (!steps.some(({ kind }) => kind === 'getVModelStatus')) return 0;
  const waitMs = await budget.take(key.namespace, formatKey(key));
  if (waitMs > 0) writes.blocked(key.kind, 'StatusCallBudget');
  return waitMs;
}

/** A wrong configuration hinders every key; each namespace's own key says so for all of them. */
function logObstacle({ logger, writes }: Ports, key: WorkKey, { reason, message }: Obstacle): void {
  writes.blocked(key.kind, reason);
  const level = reason === 'InvalidConfiguration' && key.kind === 'mesh' ? 'warn' : 'debug';
  logger[level]({ key: formatKey(key), reason }, message);
}

function readKey(text: string): WorkKey {
  const key = parseKey(text);
  if (key === undefined) throw new CallError('Terminal', `The queue holds an unknown key: ${text}`);
  return key;
}
