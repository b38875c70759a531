import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../free-port.ts';
import { startProcess } from '../managed-process.ts';
import { supervise, type SupervisedProcess } from '../supervised.ts';

/** One process of ours: the program of an app and the service account that it runs as. */
export type OwnProcess = {
  /** `kube-watcher-1` and the like. */
  readonly name: string;
  /** Folder in `apps/`, and name of the service account. */
  readonly app: string;
  /** Where its health is served; any free one when absent. */
  readonly port?: number;
  /** Where else it listens. */
  readonly otherPorts?: readonly number[];
};

/** Watchers by `replicas`, always two reconcilers: so that every sandbox shows that there is no leader. */
export function ownProcesses(replicas: number, consolePort: number): readonly OwnProcess[] {
  const several = (app: string, count: number): readonly OwnProcess[] =>
    Array.from({ length: count }, (_, index) => ({ name: `${app}-${index + 1}`, app }));
  return [
    ...several('kube-watcher', replicas),
    ...several('mesh-watcher', replicas),
    ...several('reconciler', 2),
    { name: 'console', app: 'console', port: consolePort },
  ];
}

export type OwnProcessOptions = {
  readonly own: OwnProcess;
  readonly root: string;
  /** Its whole environment but for where it listens. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFolder: string;
  readonly recordFolder: string;
  readonly log: (line: string) => void;
};

/**
 * Starts a process of ours, waits for its `/readyz`, and keeps it alive.
 * @throws Error with the end of its log when it ends before it is ready, or is not ready within 60 s.
 */
export async function startOwnProcess(options: OwnProcessOptions): Promise<SupervisedProcess> {
  const { own, root } = options;
  const program = join('apps', own.app, 'src', 'main.ts');
  if (!existsSync(join(root, program))) throw new Error(`${program} is missing in ${root}.`);
  const port = own.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(options.logFolder, `${own.name}.log`);
  const spec = {
    name: own.name,
    command: process.execPath,
    args: [program],
    cwd: root,
    env: { ...options.env, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) },
    logFile,
    recordFolder: options.recordFolder,
    graceMs: 3_000,
  };
  // Started again, it is not held to a deadline: it may wait for what is down, too.
  const start = (first: boolean): ReturnType<typeof startProcess> =>
    startProcess(first ? { ...spec, ready: () => isReady(url), ports: [port, ...(own.otherPorts ?? [])] } : spec);
  return supervise({ name: own.name, url, logFile, start, log: options.log });
}

async function isReady(url: string): Promise<boolean> {
  const answer = await request(`${url}/readyz`, { headersTimeout: 2_000, bodyTimeout: 2_000 });
  await answer.body.dump();
  return answer.statusCode === 200;
}
