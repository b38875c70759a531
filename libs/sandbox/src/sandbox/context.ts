import { join } from 'node:path';
import type { Serving } from '../serving/serving.ts';
import { resourcesDigest } from './cluster-objects.ts';
import type { ClusterInput, Kubernetes } from './cluster.ts';
import type { Kubectl } from './kubectl.ts';
import type { SandboxOptions } from './options.ts';
import type { SandboxState } from './state-folder.ts';

/** What the later steps of a start have from the earlier ones. */
export type Context = {
  readonly options: SandboxOptions;
  readonly input: ClusterInput;
  readonly kubernetes: Kubernetes;
  readonly kubectl: Kubectl;
  readonly second: number;
  /** What an earlier life wrote. */
  readonly state: SandboxState;
  readonly serving: Serving;
  /** The virtual environment of MLServer. */
  readonly mlserver: string | undefined;
};

export function deployOf(options: SandboxOptions): string {
  return options.deploy ?? join(options.root, 'deploy');
}

export function isFirstStart(context: Context): boolean {
  return context.state.manifests !== resourcesDigest(deployOf(context.options), context.serving);
}

export function wantsSample(options: SandboxOptions): boolean {
  return options.sample ?? options.processes ?? true;
}

/** What any program needs to run at all; nothing else of the user's environment reaches ours. */
export function baseEnv(options: SandboxOptions): Readonly<Record<string, string>> {
  const passed = ['PATH', 'HOME', 'LANG', 'TZ'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { ...Object.fromEntries(passed), LOG_LEVEL: options.logLevel ?? 'info', ...options.env };
}

export function webhookManifest(options: SandboxOptions): string {
  return join(deployOf(options), 'webhook', 'configurations.yaml');
}
