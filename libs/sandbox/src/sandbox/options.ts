import type { LocalProgram } from '../node/programs.ts';
import type { Serving } from '../serving/serving.ts';
import type { SandboxPorts } from './ports.ts';

/** What the start is doing; `name` is a noun that fits "✔ name … 1.2 s". */
export type Progress =
  | { readonly kind: 'begin'; readonly name: string }
  /** Something moves within a step. */
  | { readonly kind: 'moving'; readonly name: string; readonly text: string }
  | { readonly kind: 'done'; readonly name: string; readonly ms: number }
  /** A line of its own: a restart, a pod that waits for something. */
  | { readonly kind: 'note'; readonly text: string };

export type SandboxOptions = {
  /** Holds everything the sandbox has; started again on the same folder, the same cluster resumes. */
  readonly folder: string;
  /** The root of this repository: programs and `deploy/` are found from here. */
  readonly root: string;
  /** `<root>/deploy` when absent. */
  readonly deploy?: string;
  /** Watchers of each kind; 1 when absent. */
  readonly replicas?: number;
  /** Begins with an empty folder. */
  readonly fresh?: boolean;
  /** Preferred over any free ones, after those that the folder's last sandbox had. */
  readonly ports?: Partial<SandboxPorts>;
  /** False starts the cluster without our processes. */
  readonly processes?: boolean;
  /** Whether the sample InferenceService is applied and waited for; as `processes` when absent. */
  readonly sample?: boolean;
  /** `SCRIPTED` when absent. */
  readonly serving?: Serving;
  /** What runs in the place of images; as `serving` needs when absent. */
  readonly programs?: readonly LocalProgram[];
  /** `info` when absent. */
  readonly logLevel?: string;
  /** Further variables for our processes, such as shorter intervals for a test. */
  readonly env?: Readonly<Record<string, string>>;
  /** Receives the address of a Redis that has just been made: nothing can be at work on what it holds. */
  readonly newRedis?: (url: string) => Promise<void>;
  readonly progress?: (progress: Progress) => void;
  /** Aborting it stops what has started, and `startSandbox` throws. */
  readonly signal?: AbortSignal;
};

/** Runs one step and reports its begin and end. */
export type Step = <T>(name: string, work: (moving: (text: string) => void) => Promise<T>) => Promise<T>;

export function stepsFor(progress: (progress: Progress) => void): Step {
  return async (name, work) => {
    const began = performance.now();
    progress({ kind: 'begin', name });
    const result = await work((text) => progress({ kind: 'moving', name, text }));
    progress({ kind: 'done', name, ms: performance.now() - began });
    return result;
  };
}
