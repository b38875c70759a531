import { mkdirSync } from 'node:fs';
import { freePort } from '../free-port.ts';
import { startProcess, type ManagedProcess } from '../managed-process.ts';
import { acceptsConnections } from '../accepts-connections.ts';
import { ensureS3Server } from './object-store-binaries.ts';

export type ObjectStoreOptions = {
  /** Each folder in it is a bucket, each file of that an object; made when absent. */
  readonly folder: string;
  /** Any free one when absent. */
  readonly port?: number;
  /** `<folder>.log` when absent. */
  readonly logFile?: string;
  /** Where the process is recorded for `stopLeftovers`. */
  readonly recordFolder?: string;
  /** The one account, which may do everything. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Speaks HTTPS with these PEM files. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
};

export type ObjectStoreServer = ManagedProcess & {
  /** `http://127.0.0.1:<port>`, with `https` under TLS. */
  readonly url: string;
  readonly port: number;
};

/**
 * Starts a server that speaks S3 on 127.0.0.1, in region `us-east-1`, and waits until it listens. A file put into a bucket's
 * folder is an object immediately.
 * @throws Error with one sentence when it can be neither found nor built, with the end of its log when it does not come up.
 */
export async function startObjectStore(options: ObjectStoreOptions): Promise<ObjectStoreServer> {
  const program = await ensureS3Server();
  const port = options.port ?? (await freePort());
  mkdirSync(options.folder, { recursive: true });
  const tls = options.tls === undefined ? [] : ['-cert', options.tls.certFile, '-key', options.tls.keyFile];
  const started = await startProcess({
    name: 'The object store',
    command: program,
    args: ['-address', `127.0.0.1:${port}`, ...tls, options.folder],
    // The command line of a process can be read by every user of the machine; its environment cannot.
    env: {
      ...definedOnly(process.env),
      ROOT_ACCESS_KEY: options.accessKeyId,
      ROOT_SECRET_KEY: options.secretAccessKey,
    },
    logFile: options.logFile ?? `${options.folder}.log`,
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    ready: () => acceptsConnections(port),
    ports: [port],
    readyTimeoutMs: 30_000,
    graceMs: 2_000,
  });
  return { ...started, url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, port };
}

function definedOnly(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
