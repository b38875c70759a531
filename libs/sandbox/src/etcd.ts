import { join } from 'node:path';
import { request } from 'undici';
import { controlPlaneBinaries } from './binaries/control-plane-binaries.ts';
import { freePort } from './free-port.ts';
import { startProcess, type ManagedProcess } from './managed-process.ts';

export type EtcdOptions = {
  /** Holds the data; started again on the same folder, the server resumes. */
  readonly folder: string;
  /** Any free one when absent. */
  readonly port?: number;
  /** `<folder>/etcd.log` when absent. */
  readonly logFile?: string;
  /** Where the process is recorded for `stopLeftovers`. */
  readonly recordFolder?: string;
  /** PEM files of the certificate that the server shows to clients; without them it speaks plain text. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** Used in sentences; `etcd` when absent. */
  readonly name?: string;
};

/** `kill` loses nothing that was acknowledged, for the machine itself lives on. */
export type EtcdServer = ManagedProcess & {
  /** `http://127.0.0.1:<port>`, `https` with TLS */
  readonly endpoint: string;
};

/**
 * Starts one etcd on 127.0.0.1 and waits until it answers `/health`.
 * @throws Error with the end of its log when it does not come up.
 */
export async function startEtcd(options: EtcdOptions): Promise<EtcdServer> {
  const binaries = await controlPlaneBinaries();
  const [port, peerPort, healthPort] = [options.port ?? (await freePort()), await freePort(), await freePort()];
  const { tls } = options;
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const [peer, health] = [`http://127.0.0.1:${peerPort}`, `http://127.0.0.1:${healthPort}`];
  const started = await startProcess({
    name: options.name ?? 'etcd',
    command: binaries.etcd,
    args: [
      '--name=sandbox',
      `--data-dir=${join(options.folder, 'etcd')}`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=sandbox=${peer}`,
      `--listen-metrics-urls=${health}`,
      ...(tls === undefined ? [] : [`--cert-file=${tls.certificateFile}`, `--key-file=${tls.keyFile}`]),
      // A killed process loses nothing by it, only a machine that loses power; and it makes every write 2 to 10 ms faster.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    logFile: options.logFile ?? join(options.folder, 'etcd.log'),
    ...(options.recordFolder === undefined ? {} : { recordFolder: options.recordFolder }),
    ready: () => isHealthy(health),
    ports: [port, peerPort, healthPort],
    readyTimeoutMs: 30_000,
    graceMs: 2_000,
  });
  return { ...started, endpoint };
}

async function isHealthy(endpoint: string): Promise<boolean> {
  const answer = await request(`${endpoint}/health`, { headersTimeout: 2_000, bodyTimeout: 2_000 });
  return ((await answer.body.json()) as { readonly health?: string }).health === 'true';
}
