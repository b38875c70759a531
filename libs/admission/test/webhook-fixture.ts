import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { connectRedis, initialiseLog } from '@meshkeeper/event-log';
import { kubeAccess, KubeTransport } from '@meshkeeper/kubernetes';
import {
  createServingAuthority,
  freePort,
  registerWebhooks,
  startControlPlane,
  startProcess,
  startRedis,
  waitFor,
  type ControlPlane,
  type ManagedProcess,
  type RedisServer,
  type ServingAuthority,
} from '@meshkeeper/sandbox';

const run = promisify(execFile);
/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '../../..');
const PREFIX = '{meshkeeper}';

/** Our webhook as a process of its own, called by a real API server, beside a real Redis that a real watcher fills. */
export type Fixture = {
  readonly client: KubeTransport;
  readonly redis: RedisServer;
  readonly authority: ServingAuthority;
  /** Where the webhook's certificate lies. */
  readonly certificates: string;
  readonly port: number;
  readonly healthUrl: string;
  readonly logFile: string;
  /** The present life of the webhook. */
  webhook(): ManagedProcess;
  startWebhook(): Promise<void>;
  /** What kubectl prints, warnings first. @throws Error when it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** The same of `kubectl apply`. */
  apply(object: object): Promise<string>;
  stop(): Promise<void>;
};

export async function startFixture(): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'webhook-int-'));
  const [plane, redis] = await Promise.all([
    startControlPlane({ folder, controllerManager: false, audit: false }),
    startRedis({ folder: join(folder, 'redis') }),
  ]);
  await makeReady(plane, redis);
  const certificates = join(folder, 'serving-certs');
  const authority = createServingAuthority();
  authority.writePair(certificates);
  const [port, health, watcherPort] = [await freePort(), await freePort(), await freePort()];
  const healthUrl = `http://127.0.0.1:${health}`;
  const shared = { PATH: process.env['PATH'] ?? '', HTTP_HOST: '127.0.0.1', REDIS_URL: redis.url, LOG_LEVEL: 'debug' };
  const startOwn = (app: string, env: Readonly<Record<string, string>>): Promise<ManagedProcess> =>
    startProcess({
      name: app,
      command: process.execPath,
      args: [join('apps', app, 'src', 'main.ts')],
      cwd: ROOT,
      env: { ...shared, ...env },
      logFile: join(folder, `${app}.log`),
      ready: async () => (await fetch(`http://127.0.0.1:${env['HTTP_PORT']}/readyz`)).ok,
      ports: [env['HTTP_PORT'], env['WEBHOOK_PORT']].flatMap((own) => (own === undefined ? [] : [Number(own)])),
    });
  const startWebhook = (): Promise<ManagedProcess> =>
    startOwn('webhook', {
      HTTP_PORT: String(health),
      WEBHOOK_HOST: '127.0.0.1',
      WEBHOOK_PORT: String(port),
      WEBHOOK_CERT_DIR: certificates,
    });
  const watcher = await startOwn('kube-watcher', { HTTP_PORT: String(watcherPort), KUBECONFIG: plane.kubeconfig });
  let webhook = await startWebhook();
  const client = new KubeTransport({ access: kubeAccess({ file: plane.kubeconfig }) });
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const common = [`--kubeconfig=${plane.kubeconfig}`, `--cache-dir=${join(folder, 'kubectl')}`];
    const { stdout, stderr } = await run(plane.binaries.kubectl, [...common, ...args]);
    return stderr + stdout;
  };
  const local = { url: `https://127.0.0.1:${port}`, authority: authority.certificate };
  await registerWebhooks(client, join(ROOT, 'deploy/webhook/configurations.yaml'), local);
  return {
    client,
    redis,
    authority,
    certificates,
    port,
    healthUrl,
    logFile: webhook.logFile,
    webhook: () => webhook,
    async startWebhook() {
      webhook = await startWebhook();
    },
    kubectl,
    apply(object) {
      const file = join(folder, `${crypto.randomUUID()}.json`);
      writeFileSync(file, JSON.stringify(object));
      return kubectl('apply', '-f', file);
    },
    async stop() {
      await Promise.all([webhook.stop(), watcher.stop(), client.stop()]);
      await Promise.all([plane.stop(), redis.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Established CRDs, a namespace, and a Redis that is ready. */
async function makeReady(plane: ControlPlane, server: RedisServer): Promise<void> {
  const redis = connectRedis({ url: server.url });
  await initialiseLog(redis, PREFIX).finally(() => redis.disconnect());
  const kubectl = (args: readonly string[]) =>
    run(plane.binaries.kubectl, [`--kubeconfig=${plane.kubeconfig}`, ...args]);
  const deploy = join(ROOT, 'deploy');
  await kubectl(['apply', '--server-side', '-f', join(deploy, 'namespace.yaml'), '-f', join(deploy, 'crds')]);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
}

/** The serial number of the certificate that a new connection is shown. */
export async function shownSerial({ port, authority }: Fixture): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate });
  try {
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return socket.getPeerCertificate().serialNumber;
  } finally {
    socket.destroy();
  }
}

/** One line of the webhook's metrics; 0 while it has none. */
export async function metricOf({ healthUrl }: Fixture, line: string): Promise<number> {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? 0);
}

export function until(what: string, condition: () => Promise<boolean>, timeoutMs = 20_000): Promise<unknown> {
  return waitFor(condition, { timeoutMs, what, intervalMs: 100 });
}
