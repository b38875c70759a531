import {
  CallError,
  messageOf,
  type Gathered,
  type Outcome,
  type Snapshot,
  type Step,
  type WorkKey,
} from '@meshkeeper/domain';
import type { RunContext } from '@meshkeeper/work-queue';
import { logEffect } from './effects.ts';
import { EXECUTORS, type Executor } from './executors.ts';
import type { Ports } from './ports.ts';

export type RunInput = { readonly key: WorkKey; readonly gathered: Gathered; readonly snapshot: Snapshot };

/** Executes the steps in order and stops at the first failure. A failure is a value: the report turns it into what users see. */
export async function applySteps(
  ports: Ports,
  context: RunContext,
  input: RunInput & { readonly steps: readonly Step[] },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of input.steps) {
    const outcome = await applyStep(ports, context, input, step);
    outcomes.push(outcome);
    if (outcome.kind === 'failed') break;
  }
  return outcomes;
}

async function applyStep(ports: Ports, context: RunContext, run: RunInput, step: Step): Promise<Outcome> {
  const input = { key: run.key, snapshot: run.snapshot, signal: context.signal };
  const executor: Executor = EXECUTORS[step.kind];
  const write = executor.describe(step);
  try {
    context.guard();
    const { status, copied, effect } = await executor.send(ports, input, step);
    if (write !== undefined && effect !== undefined) {
      ports.writes.wrote(write.kind, write.reason);
      await logEffect(ports, context, run.gathered, write, effect);
    }
    return { kind: 'done', step, reply: status, ...(copied && { copied }) };
  } catch (error) {
    const failure = toCallError(error);
    if (write !== undefined) {
      const outcome = `${failure.code ?? failure.kind}: ${failure.message}`;
      ports.writes.failed(write.kind, write.reason, failure.code ?? failure.kind);
      await logEffect(ports, context, run.gathered, write, executor.unknownEffect(ports, input, step, outcome));
    }
    return { kind: 'failed', step, error: failure };
  }
}

function toCallError(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError('Transient', messageOf(error), { cause: error });
}
