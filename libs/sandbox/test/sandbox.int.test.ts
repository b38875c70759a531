import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import {
  freePort,
  portIsFree,
  readState,
  releasePort,
  startSandbox,
  statePaths,
  waitFor,
  type Progress,
  type Sandbox,
  type SandboxOptions,
} from '../src/index.ts';
import { processIdentity } from '../src/process-record.ts';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, 'fixtures', 'repository');
const folders: string[] = [];
const reported: Progress[] = [];
let sandbox: Sandbox;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-test-'));
  folders.push(folder);
  return folder;
}

function options(more: Partial<SandboxOptions> = {}): SandboxOptions {
  return { folder: newFolder(), root: REPOSITORY, ...more };
}

beforeAll(async () => {
  sandbox = await startSandbox(options({ replicas: 2, progress: (progress) => reported.push(progress) }));
});

afterAll(async () => {
  await sandbox.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function environmentOf(name: string): Promise<Readonly<Record<string, string>>> {
  return (await request(`${sandbox.process(name).url}/env`)).body.json() as Promise<Record<string, string>>;
}

test('a start ends with the sample ready and every process running', () => {
  assert.deepEqual(sandbox.sample, { kind: 'ready' });
  const names = sandbox.processes().map((each) => each.name);
  const own = [
    'kube-watcher-1',
    'kube-watcher-2',
    'mesh-watcher-1',
    'mesh-watcher-2',
    'reconciler-1',
    'reconciler-2',
    'console',
    'webhook',
  ];
  assert.deepEqual(names, [
    'kubernetes-etcd',
    'kube-apiserver',
    'mesh-etcd',
    'redis',
    'kube-controller-manager',
    ...own,
  ]);
  const done = reported.flatMap((progress) => (progress.kind === 'done' ? [progress.name] : []));
  assert.equal(done.at(-1), 'Sample InferenceService');
});

test('a process of ours gets its own account and the addresses of Redis and the cluster', async () => {
  const { KUBECONFIG, NAMESPACE, ETCD_SECRET_NAME, REDIS_URL, HTTP_HOST, DIAL_LOOPBACK_ALIAS, LOG_LEVEL } =
    await environmentOf('reconciler-1');
  assert.deepEqual(
    { KUBECONFIG, NAMESPACE, ETCD_SECRET_NAME, REDIS_URL, HTTP_HOST, DIAL_LOOPBACK_ALIAS, LOG_LEVEL },
    {
      KUBECONFIG: join(sandbox.folder, 'accounts', 'reconciler.kubeconfig'),
      NAMESPACE: 'modelmesh-serving',
      ETCD_SECRET_NAME: 'model-serving-etcd',
      REDIS_URL: sandbox.redisUrl,
      HTTP_HOST: '127.0.0.1',
      DIAL_LOOPBACK_ALIAS: 'true',
      LOG_LEVEL: 'info',
    },
  );
  const whoAmI = ['--kubeconfig', KUBECONFIG ?? '', 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
  assert.equal(
    (await run(sandbox.binaries.kubectl, whoAmI)).stdout,
    'system:serviceaccount:modelmesh-serving:reconciler',
  );
});

test("the Secret says where the mesh's etcd is, and it answers there", async () => {
  const secret = await sandbox.kubectl([
    '-n',
    'modelmesh-serving',
    'get',
    'secret',
    'model-serving-etcd',
    '-o',
    'jsonpath={.data.etcd_connection}',
  ]);
  const connection = JSON.parse(Buffer.from(secret, 'base64').toString('utf8')) as unknown;
  assert.deepEqual(connection, { endpoints: sandbox.meshEtcdUrl, root_prefix: 'modelmesh-serving' });
  assert.equal((await request(`${sandbox.meshEtcdUrl}/health`)).statusCode, 200);
});

test('a killed process is started again, a frozen one only sleeps', async () => {
  const console = sandbox.process('console');
  const before = console.pid;
  console.freeze();
  await assert.rejects(request(`${console.url}/healthz`, { headersTimeout: 300 }));
  console.thaw();
  assert.equal((await request(`${console.url}/healthz`)).statusCode, 200);
  assert.equal(console.pid, before);
  console.kill();
  await waitFor(() => console.pid !== undefined && console.pid !== before, {
    timeoutMs: 10_000,
    what: 'the console to live again',
  });
  await waitFor(async () => (await request(`${console.url}/healthz`)).statusCode === 200, {
    timeoutMs: 10_000,
    what: 'the console to answer',
  });
  assert.equal(console.restarts, 1);
});

test('a stopped process stays stopped until it is started', async () => {
  const redis = sandbox.process('redis');
  await redis.stop();
  const port = Number(new URL(sandbox.redisUrl).port);
  assert.deepEqual([redis.pid, await portIsFree(port)], [undefined, true]);
  await redis.start();
  assert.equal(await portIsFree(port), false);
});

test('a killed API server comes back with everything in it', async () => {
  sandbox.process('kube-apiserver').kill();
  const get = (): Promise<string> => sandbox.kubectl(['-n', 'modelmesh-serving', 'get', 'isvc', '-o', 'name']);
  const names = await waitFor(get, { timeoutMs: 30_000, what: 'the API server to answer again' });
  assert.equal(names.trim(), 'inferenceservice.serving.kserve.io/example-sklearn-isvc');
});

test('a second start in the same folder is refused in one sentence', async () => {
  await assert.rejects(startSandbox(options({ folder: sandbox.folder })), {
    message: `A sandbox already runs in ${sandbox.folder} (process ${process.pid}): npm run env shows how to reach it, and npm start -- --state DIR starts another one beside it.`,
  });
});

test('a preferred port that is taken is replaced by a free one, and each folder records its own', async () => {
  const taken = readState(statePaths(sandbox.folder).state).ports;
  assert.ok(taken !== undefined);
  const meshEtcd = await freePort();
  releasePort(meshEtcd);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const objectStore = (server.address() as AddressInfo).port;
  const second = await startSandbox(options({ ports: { ...taken, meshEtcd, objectStore }, processes: false }));
  const { ports } = readState(statePaths(second.folder).state);
  await second.stop();
  server.close();
  assert.ok(ports !== undefined);
  assert.equal(ports.meshEtcd, meshEtcd);
  const others = Object.values({ ...taken, objectStore });
  for (const port of others) assert.equal(Object.values(ports).includes(port), false);
  assert.equal(second.apiUrl, `https://127.0.0.1:${ports.api}`);
});

test('a sandbox that resumes has the ports of its last life again', async () => {
  const folder = newFolder();
  const urls: string[][] = [];
  for (const _life of ['first', 'second']) {
    const started = await startSandbox(options({ folder, processes: false, sample: false }));
    urls.push([started.apiUrl, started.redisUrl, started.meshEtcdUrl]);
    await started.stop();
  }
  assert.deepEqual(urls[1], urls[0]);
});

test('what a start cannot find ends it, and stops what had started', async () => {
  const given = options({ root: newFolder(), deploy: join(REPOSITORY, 'deploy') });
  await assert.rejects(startSandbox(given), /^Error: apps\/[a-z-]+\/src\/main\.ts is missing in /);
  await assertNothingRuns(given.folder);
});

test('a start that is stopped in its middle leaves nothing', async () => {
  const abort = new AbortController();
  const begun = (progress: Progress): void => {
    if (progress.kind === 'begin' && progress.name === 'Kubernetes API') setTimeout(() => abort.abort(), 700);
  };
  const given = options({ signal: abort.signal, progress: begun });
  await assert.rejects(startSandbox(given), { message: 'The sandbox was stopped while it started' });
  await assertNothingRuns(given.folder);
});

test('two sandboxes run side by side', async () => {
  const second = await startSandbox(options({ processes: false }));
  const node = ['get', 'node', 'sandbox', '-o', 'jsonpath={.status.addresses[0].address}'];
  const addresses = [await sandbox.kubectl(node), await second.kubectl(node)];
  assert.equal(new Set(addresses).size, 2);
  for (const address of addresses) assert.match(address, /^10\.\d+\.0\.1$/);
  await second.stop();
});

test('what a killed sandbox left behind is ended by the next start', async () => {
  const folder = newFolder();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'start-and-hang.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
  const pids = JSON.parse(line) as readonly number[];
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.deepEqual(
    pids.filter((pid) => processIdentity(pid) === undefined),
    [],
  );
  const second = await startSandbox(options({ folder, processes: false }));
  assert.deepEqual(
    pids.filter((pid) => processIdentity(pid) !== undefined),
    [],
  );
  await second.stop();
});

async function assertNothingRuns(folder: string): Promise<void> {
  const listed = await run('/bin/sh', ['-c', `grep -lsa ${folder} /proc/[0-9]*/cmdline || true`]);
  const pids = listed.stdout
    .trim()
    .split('\n')
    .map((file) => Number(file.split('/')[2]));
  const alive = pids.filter((pid) => pid > 0 && pid !== process.pid && processIdentity(pid)?.includes(folder) === true);
  assert.deepEqual(alive.map(processIdentity), []);
}
