import { setTimeout as sleep } from 'node:timers/promises';
import { CallError, messageOf } from '@meshkeeper/domain';
import { RuntimeStatusNumber, type RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import { loadFailure } from './load-failure.ts';
import type { RuntimeCalls } from './runtime-calls.ts';
import type { RuntimeTiming } from './runtime-timing.ts';

type Ready = { readonly calls: RuntimeCalls; readonly status: RuntimeStatusResponse };

/**
 * Asks the endpoints in turns until one is ready.
 * @throws CallError when one says that it never will be, or none is in time; the signal's reason when that is aborted
 */
export async function awaitReady(
  endpoints: readonly RuntimeCalls[],
  timing: RuntimeTiming,
  signal: AbortSignal,
): Promise<Ready> {
  const deadline = performance.now() + timing.startLimitMs;
  const problems = new Map<string, string>();
  for (;;) {
    for (const calls of endpoints) {
      const answer = await ask(calls, timing.pollDeadlineMs, signal);
      if (typeof answer === 'object') return { calls, status: answer };
      problems.set(calls.address, answer);
      signal.throwIfAborted();
      if (performance.now() > deadline) throw notReady(timing.startLimitMs, problems);
      await sleep(timing.pollMs, undefined, { signal });
    }
  }
}

/** The status of a server that is ready, or why it is not. */
async function ask(calls: RuntimeCalls, limitMs: number, signal: AbortSignal): Promise<RuntimeStatusResponse | string> {
  const answer = await calls
    .status(limitMs, signal)
    .catch((error: unknown) => (error instanceof CallError ? loadFailure(error).message : messageOf(error)));
  if (typeof answer === 'string' || answer.status === RuntimeStatusNumber.READY) return answer;
  if (answer.status !== RuntimeStatusNumber.FAILING) return 'it is starting';
  throw new CallError('Terminal', `The model server at ${calls.address} says that it is failing`, {
    code: 'FAILED_PRECONDITION',
  });
}

function notReady(limitMs: number, problems: ReadonlyMap<string, string>): CallError {
  const all = [...problems].map(([address, problem]) => `${address}: ${problem}`).join('; ');
  return new CallError('Transient', `No model server was ready within ${limitMs / 1_000} s (${all})`, {
    code: 'UNAVAILABLE',
  });
}
