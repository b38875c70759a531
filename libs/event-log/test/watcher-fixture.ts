import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_MAP_NAME, FORM, KINDS, MESH_SOURCE, toChange, type JsonObject } from '@meshkeeper/domain';
import { connectRedis, initialiseLog, LOCK_DURATION_MS, Recorder, type EventLogOptions } from '@meshkeeper/event-log';
import { createEtcdClient, readKvStore, type EtcdClient } from '@meshkeeper/etcd';
import {
  freePort,
  startEtcd,
  startProcess,
  startRedis,
  type ManagedProcess,
  type RedisServer,
} from '@meshkeeper/sandbox';
import { QUEUE_NAMES } from '@meshkeeper/work-queue';

const ROOT = join(import.meta.dirname, '../../..');
export const OWN_NAMESPACE = 'modelmesh-serving';
const PREFIX = '{meshkeeper}';
const { source } = KINDS.config;

/** Mesh watchers as processes of their own, beside a real Redis and etcd. Only the test records the configuration. */
export type Fixture = {
  readonly log: EventLogOptions;
  readonly etcd: EtcdClient;
  readonly redis: RedisServer;
  startWatcher(): Promise<{ readonly process: ManagedProcess; readonly readyz: () => Promise<string> }>;
  /** Records what `config.yaml` says; `undefined` for a cluster without the ConfigMap. */
  recordConfig(config: JsonObject | undefined): Promise<void>;
  /** The mesh's objects in the view with their bodies, sorted. */
  view(): Promise<readonly string[]>;
  epoch(): Promise<string>;
  stop(): Promise<void>;
};

export async function startFixture(): Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-watcher-int-'));
  const [etcdServer, redisServer] = await Promise.all([
    startEtcd({ folder }),
    startRedis({ folder: join(folder, 'redis') }),
  ]);
  const api = await startApi(JSON.stringify({ endpoints: etcdServer.endpoint, root_prefix: 'root' }));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(api.address() as AddressInfo));
  const etcd = createEtcdClient(readKvStore(`${etcdServer.endpoint};rootPrefix=root`));
  const redis = connectRedis({ url: redisServer.url });
  await initialiseLog(redis, PREFIX);
  const log = { redis, prefix: PREFIX, queue: QUEUE_NAMES.main, form: FORM, lockDurationMs: LOCK_DURATION_MS };
  const watchers: ManagedProcess[] = [];
  return {
    log,
    etcd,
    redis: redisServer,
    recordConfig: createConfigRecording(new Recorder(log)),
    async startWatcher() {
      const port = await freePort();
      const env = {
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(port),
        REDIS_URL: redisServer.url,
        KUBECONFIG: kubeconfig,
      };
      const watcher = await startProcess({
        name: 'mesh-watcher',
        command: process.execPath,
        args: [join('apps', 'mesh-watcher', 'src', 'main.ts')],
        cwd: ROOT,
        env: { PATH: process.env['PATH'] ?? '', NO_PROXY: '*', ...env },
        logFile: join(folder, `watcher-${port}.log`),
        ready: async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok,
        ports: [port],
      });
      watchers.push(watcher);
      return { process: watcher, readyz: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).text() };
    },
    async view() {
      const stored = await redis.hgetall(`${PREFIX}:view:${MESH_SOURCE}`);
      return Object.entries(stored)
        .map(([object, text]) => `${object} ${text.slice(text.indexOf(' ') + 1)}`)
        .toSorted();
    },
    epoch: async () => (await redis.hget(`${PREFIX}:source:${MESH_SOURCE}`, 'epoch')) ?? '',
    async stop() {
      await Promise.all(watchers.map((watcher) => watcher.stop()));
      etcd.close();
      redis.disconnect();
      api.close();
      await Promise.all([etcdServer.stop(0), redisServer.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The only request of a mesh watcher to Kubernetes: one Secret. */
async function startApi(connection: string): Promise<Server> {
  const secret = { data: { etcd_connection: Buffer.from(connection).toString('base64') } };
  const server = createServer((_request, response) => response.end(JSON.stringify(secret)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function kubeconfigOf({ port }: AddressInfo): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

/** The first call lists the source, the others are changes of its one object. */
function createConfigRecording(recorder: Recorder): Fixture['recordConfig'] {
  let revision = 1;
  let epoch = '';
  const changeTo = (config: JsonObject) => {
    const metadata = { name: CONFIG_MAP_NAME, namespace: OWN_NAMESPACE, resourceVersion: String(revision) };
    return toChange('config', { metadata, decoded: config }, { ownNamespace: OWN_NAMESPACE });
  };
  return async (config) => {
    const from = String(revision);
    revision += 1;
    const changes = config === undefined ? [] : [changeTo(config)];
    if (epoch !== '') {
      await recorder.recordWatch(source, epoch, from, String(revision), changes);
      return;
    }
    const server = { identity: 'cluster', head: String(revision) };
    const opened = await recorder.openSource(source, server, await recorder.sourceState(source));
    if (opened.status !== 'ok') throw new Error(`The source answers ${opened.status}`);
    ({ epoch } = opened);
    const list = { id: 'list', pages: 0, revision: String(revision) };
    await recorder.recordPage(source, epoch, list, changes);
    await recorder.finishList(source, epoch, { ...list, pages: 1 });
  };
}
