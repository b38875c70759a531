import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { acceptsConnections, freePort, startProcess, type ManagedProcess } from '@meshkeeper/sandbox';

export type Azurite = ManagedProcess & { readonly port: number };

/** Azure's own emulator, for blobs only. `key` is base64. */
export async function startAzurite(options: {
  readonly folder: string;
  readonly account: string;
  readonly key: string;
  readonly port?: number;
}): Promise<Azurite> {
  const port = options.port ?? (await freePort());
  mkdirSync(options.folder, { recursive: true });
  const started = await startProcess({
    name: 'Azurite',
    command: process.execPath,
    args: [
      fileURLToPath(import.meta.resolve('azurite/dist/src/blob/main.js')),
      '--blobHost=127.0.0.1',
      `--blobPort=${port}`,
      `--location=${options.folder}`,
      '--skipApiVersionCheck',
      '--disableTelemetry',
      '--silent',
    ],
    env: { ...(process.env as Record<string, string>), AZURITE_ACCOUNTS: `${options.account}:${options.key}` },
    logFile: join(options.folder, 'azurite.log'),
    ready: () => acceptsConnections(port),
    ports: [port],
    graceMs: 5_000,
  });
  return { ...started, port };
}
