import { PREFERRED_PORTS, startSandbox, type Progress, type Sandbox } from '@meshkeeper/sandbox';
import { aborted } from './interrupt.ts';
import { prepareNewRedis } from './new-redis.ts';
import { ROOT } from './state-folder.ts';
import { welcome } from './welcome.ts';

export type RunOptions = {
  /** Its state folder. */
  readonly folder: string;
  readonly fresh: boolean;
  readonly mlserver: boolean;
  readonly replicas: number;
  readonly signal: AbortSignal;
  readonly show: (progress: Progress) => void;
  readonly say: (text: string) => void;
};

/** Runs the sandbox until `signal` aborts. @throws Error with what hinders the start. */
export async function runSandbox(options: RunOptions): Promise<void> {
  const began = performance.now();
  const sandbox = await start(options);
  if (sandbox === undefined) return;
  const tookMs = performance.now() - began;
  const { consoleUrl, sample, predictions } = sandbox;
  options.say(welcome({ folder: options.folder, consoleUrl, sample, predictions, tookMs }));
  await aborted(options.signal);
  const stopping = performance.now();
  await sandbox.stop((stage) => options.say(`Stopping ${stage}`));
  options.say(`Stopped in ${((performance.now() - stopping) / 1000).toFixed(1)} s.`);
}

/** Undefined when it was stopped in mid-start. */
async function start(options: RunOptions): Promise<Sandbox | undefined> {
  const { folder, fresh, replicas, mlserver, signal, show: progress } = options;
  try {
    return await startSandbox({
      folder,
      root: ROOT,
      ports: PREFERRED_PORTS,
      fresh,
      replicas,
      serving: { kind: 'real', mlserver },
      signal,
      newRedis: prepareNewRedis,
      progress,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    options.say('Stopped before it was ready.');
    return undefined;
  }
}
