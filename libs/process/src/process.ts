import type { Logger } from './logger.ts';

export type Stoppable = { stop(): Promise<void> };

/** A process that has not stopped by then is ended: pods have 30 s by default. */
const STOP_LIMIT_MS = 9_000;

export type Program = Stoppable & {
  /** Where stopping may take longer. */
  readonly stopWithinMs?: number;
};

/**
 * Runs a program until SIGTERM or SIGINT, then stops it. A failed start, and an uncaught error, end the process with code 1 and one sentence.
 * The parts already started are stopped by `start` itself, which owns them.
 */
export async function runProcess(logger: Logger, start: () => Promise<Program>): Promise<void> {
  const fail = (error: unknown): never => {
    const message = error instanceof Error ? error.message : String(error);
    // An error thrown on purpose says everything in one sentence; a defect needs its stack.
    if (isDefect(error)) logger.fatal({ err: error }, message);
    else logger.fatal(message);
    process.exit(1);
  };
  process.once('uncaughtException', fail);
  process.once('unhandledRejection', fail);
  const running = await start().catch(fail);
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
  logger.info({ signal }, 'Stopping');
  const { stopWithinMs: limit = STOP_LIMIT_MS } = running;
  setTimeout(() => fail(new Error(`Did not stop within ${limit} ms`)), limit).unref();
  await running.stop().catch(fail);
  process.exit(0);
}

function isDefect(error: unknown): boolean {
  return !(error instanceof Error) || ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'].includes(error.name);
}
