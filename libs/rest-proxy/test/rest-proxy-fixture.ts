import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess, type ManagedProcess } from '@meshkeeper/sandbox';

const MAIN = join(import.meta.dirname, '../../../apps/rest-proxy/src/main.ts');

export type RunningProxy = {
  readonly process: ManagedProcess;
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
};

export type ProxyOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
  /** Called until true; by default whether it listens. */
  readonly ready?: (port: number) => Promise<boolean>;
};

/** The program, as a process of its own, before the mesh at `meshPort`. */
export async function startProxy(meshPort: number, options: ProxyOptions = {}): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'rest-proxy-'));
  const port = await freePort();
  const listens = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/v2/health/live`)).ok;
  const process = await startProcess({
    name: 'rest-proxy',
    command: globalThis.process.execPath,
    args: [...(options.execArgv ?? []), MAIN],
    env: {
      REST_PROXY_LISTEN_PORT: String(port),
      REST_PROXY_GRPC_PORT: String(meshPort),
      POD_LOCALHOST: '127.0.0.1',
      PRESTOP_PORT: '0',
      ...options.env,
    },
    logFile: join(folder, 'log'),
    ready: () => (options.ready ?? listens)(port),
    // One that waits for its mesh does not listen.
    ports: options.ready === undefined ? [port] : [],
    readyTimeoutMs: 15_000,
  });
  const stop = async (): Promise<void> => {
    await process.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { process, port, url: `http://127.0.0.1:${port}`, stop };
}

/** Files in a folder of their own, each replaced whole. */
export function createFiles(): { readonly folder: string; write(name: string, text: string): string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'rest-proxy-tls-'));
  return {
    folder,
    write: (name, text) => {
      const path = join(folder, name);
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
