import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess, waitFor, type ManagedProcess } from '@meshkeeper/sandbox';

/** A model server that behaves as the paths of its models say; see the README of `apps/scripted-runtime`. */
export type ScriptedRuntime = {
  /** As the mesh dials it. */
  readonly address: string;
  /** The one that runs now. */
  readonly process: ManagedProcess;
  /** `load a`, `unload a` and `cancelled a`, in the order in which they came. */
  calls(): Promise<readonly string[]>;
  /** Polls until the calls that concern the model are these. */
  untilCalls(modelId: string, wanted: readonly string[]): Promise<void>;
  /** `POST /forget?model=m1` and others. */
  control(call: string): Promise<unknown>;
  /** Another process in its place; the same object speaks for it. */
  restart(): Promise<ScriptedRuntime>;
  stop(): Promise<void>;
};

export type ScriptedRuntimeOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Any free port when absent. */
  readonly endpoint?: string;
};

const MAIN = join(import.meta.dirname, '../../../apps/scripted-runtime/src/main.ts');

export async function startScriptedRuntime(options: ScriptedRuntimeOptions = {}): Promise<ScriptedRuntime> {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
  const controlPort = await freePort();
  const endpoint = options.endpoint ?? `port:${await freePort()}`;
  const control = async (call: string): Promise<unknown> => {
    const [method = '', path = ''] = call.split(' ');
    return (await fetch(`http://127.0.0.1:${controlPort}${path}`, { method })).json();
  };
  const start = () =>
    startProcess({
      name: 'scripted-runtime',
      command: globalThis.process.execPath,
      args: [MAIN],
      env: { RUNTIME_ENDPOINT: endpoint, CONTROL_PORT: String(controlPort), ...options.env },
      logFile: join(folder, 'log'),
      ready: async () => (await control('GET /models')) !== undefined,
      ports: [controlPort],
      readyTimeoutMs: 15_000,
    });
  let process = await start();
  const calls = async () => (await control('GET /calls')) as readonly string[];
  const stop = async () => {
    await process.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const runtime: ScriptedRuntime = {
    address: endpoint.replace(/^port:/, '127.0.0.1:'),
    get process() {
      return process;
    },
    control,
    calls,
    untilCalls: async (modelId, wanted) => {
      const lines = wanted.map((what) => `${what} ${modelId}`).join();
      const seen = async () => (await calls()).filter((call) => call.endsWith(` ${modelId}`)).join();
      await waitFor(async () => (await seen()) === lines, { timeoutMs: 10_000, what: `the calls ${lines}` });
    },
    restart: async () => {
      await process.stop();
      process = await start();
      return runtime;
    },
    stop,
  };
  return runtime;
}
