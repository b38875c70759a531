import { join } from 'node:path';
import { startOnContext, type OnContext, type Progress } from '@meshkeeper/sandbox';
import { aborted } from './interrupt.ts';
import { ROOT } from './state-folder.ts';

export type RunOptions = {
  /** The state folder of all sandboxes and contexts that are run from here. */
  readonly folder: string;
  readonly context: string;
  readonly replicas: number;
  readonly signal: AbortSignal;
  readonly show: (progress: Progress) => void;
  readonly say: (text: string) => void;
};

/** Runs our processes against a cluster until `signal` aborts. @throws Error with what hinders the start. */
export async function runOnContext(options: RunOptions): Promise<void> {
  const running = await start(options);
  if (running === undefined) return;
  options.say(
    `\nOur processes work on the cluster of context ${options.context}. Console: ${running.consoleUrl ?? 'not started'}\nCtrl-C stops them.\n`,
  );
  await aborted(options.signal);
  await running.stop((stage) => options.say(`Stopping ${stage}`));
  options.say('Stopped.');
}

/** Undefined when it was stopped in mid-start. */
async function start(options: RunOptions): Promise<OnContext | undefined> {
  const { context, replicas, signal, show: progress } = options;
  const folder = join(options.folder, 'contexts', encodeURIComponent(context));
  try {
    return await startOnContext({ context, folder, root: ROOT, replicas, env: process.env, progress, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    options.say('Stopped before it was ready.');
    return undefined;
  }
}
