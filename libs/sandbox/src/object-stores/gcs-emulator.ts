import { mkdirSync } from 'node:fs';
import { startProcess, type ManagedProcess } from '../managed-process.ts';
import { ensureGcsEmulator } from './object-store-binaries.ts';

export type GcsEmulatorOptions = {
  /** Each folder in it is a bucket that it starts with; made when absent. */
  readonly folder: string;
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
 * Starts a server that speaks Google Cloud Storage's JSON API on 127.0.0.1 and waits until it listens. It checks no credentials, and keeps
 * in memory what is uploaded to it.
 * @throws Error with one sentence when it can be neither found nor built, with the end of its log when it does not come up.
 */
export async function startGcsEmulator(options: GcsEmulatorOptions): Promise<GcsEmulator> {
  const program = await ensureGcsEmulator();
  mkdirSync(options.folder, { recursive: true });
  let port = 0;
  const started = await startProcess({
    name: 'The GCS emulator',
    command: program,
    args: ['-seed', options.folder],
    logFile: options.logFile ?? `${options.folder}.log`,
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    ready: (output) => {
      port = Number(/^listening on 127\.0\.0\.1:(\d+)$/m.exec(output())?.[1] ?? 0);
      return port > 0;
    },
    readyTimeoutMs: 30_000,
    graceMs: 2_000,
  });
  return { ...started, url: `http://127.0.0.1:${port}`, port };
}
