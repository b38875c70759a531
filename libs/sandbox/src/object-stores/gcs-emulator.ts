import { mkdirSync } from 'node:fs';
import { freePort } from '../free-port.ts';
import { startProcess, type ManagedProcess } from '../managed-process.ts';
import { acceptsConnections } from '../accepts-connections.ts';
import { ensureObjectStores } from './object-store-binaries.ts';

export type GcsEmulatorOptions = {
  /** Each folder in it is a bucket that it starts with; made when absent. */
  readonly folder: string;
  /** Any free one when absent. */
  readonly port?: number;
  /** `<folder>.log` when absent. */
  readonly logFile?: string;
  /** Where the process is recorded for `stopLeftovers`. */
  readonly recordFolder?: string;
};

export type GcsEmulator = ManagedProcess & {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
};

/**
 * Starts a server that speaks Google Cloud Storage's JSON API on 127.0.0.1 and waits until it listens. It asks for no
 * credentials, and holds in memory what is uploaded to it.
 * @throws Error with one sentence when it can be neither found nor built, with the end of its log when it does not come up.
 */
export async function startGcsEmulator(options: GcsEmulatorOptions): Promise<GcsEmulator> {
  const { fakeGcsServer } = await ensureObjectStores();
  const port = options.port ?? (await freePort());
  mkdirSync(options.folder, { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    name: 'The GCS emulator',
    command: fakeGcsServer,
    args: [
      `-host=127.0.0.1`,
      `-port=${port}`,
      `-scheme=http`,
      `-backend=memory`,
      `-log-level=warn`,
      `-data=${options.folder}`,
      `-external-url=${url}`,
      `-public-host=127.0.0.1:${port}`,
    ],
    logFile: options.logFile ?? `${options.folder}.log`,
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    ready: () => acceptsConnections(port),
    readyTimeoutMs: 30_000,
    graceMs: 2_000,
  });
  return { ...started, url, port };
}
