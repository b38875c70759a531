import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ChannelCredentials } from '@grpc/grpc-js';
import { Agent } from 'undici';
import { createAuthority, createLeaf, waitFor } from '../../src/index.ts';
import { kubectlOf, startCluster, statusOf, untilReady, type Cluster } from './model-objects.ts';
import { image, model, podHost, putDigits, rest, v2Client } from './serving-cluster.ts';

/** What storage, model servers and pullers do when they fail, as the users of a model see it; then TLS. */
const ONNX = 'onnx-1.x';
const SAMPLE = 'example-onnx-isvc';
const CONFIG = 'podsPerRuntime: 1\nscaleToZero: {enabled: false}\nmetrics: {enabled: true, scheme: http}\n';
let cluster: Cluster;
const { kubectl, apply, configure } = kubectlOf(() => cluster);

beforeAll(async () => {
  cluster = await startCluster({ serving: { kind: 'real', mlserver: false } });
});

afterAll(() => cluster?.stop());

const onnx = (name: string, path: string): object => model(name, 'onnx', { storage: { key: 'localMinIO', path } });

/** The process of a container, once it runs. */
async function pidOf(name: string): Promise<number> {
  const find = () => cluster.sandbox.node.processes().find(({ container }) => container === name);
  return (await waitFor(find, { timeoutMs: 20_000, what: `a process of container ${name}` })).pid;
}

/** The folders of models in the pod, but for what the sample has. */
function modelFolders(): readonly string[] {
  const pods = join(cluster.folder, 'state', 'pods');
  const [pod = ''] = readdirSync(pods).filter((name) => name.includes(ONNX));
  const models = join(pods, pod, 'volumes', 'models-dir');
  return existsSync(models) ? readdirSync(models).filter((name) => !name.startsWith(SAMPLE)) : [];
}

async function predicts(name: string, timeoutMs = 30_000): Promise<void> {
  const ask = async () => {
    const client = v2Client(await podHost(cluster, ONNX));
    return client.digit(name).finally(() => client.close());
  };
  const answer = await waitFor(ask, { timeoutMs, what: `an answer of ${name}`, intervalMs: 200 });
  assert.equal(answer.digit, 8n);
}

async function untilFailure(name: string, wanted: RegExp): Promise<void> {
  const said = async (): Promise<boolean> =>
    wanted.test((await statusOf(cluster, name)).modelStatus?.lastFailureInfo?.message ?? '');
  await waitFor(said, { timeoutMs: 60_000, what: `the status of ${name} to match ${String(wanted)}` });
}

describe('after a fault the status says what happened, and the next load works', () => {
  test('storage that is away', async () => {
    await cluster.sandbox.process('object-store').stop();
    await apply(onnx('away', 'onnx/digits.onnx'));
    await untilFailure(
      'away',
      /^Failed to pull model from storage due to error: .*(could not be reached|refused|unavailable)/,
    );
    assert.deepEqual(modelFolders(), []);
    await cluster.sandbox.process('object-store').start();
    // A request for a model has its load tried again.
    await predicts('away', 60_000);
    await untilReady(cluster, 'away');
  });

  test('a model server that crashed is started again, and has its models loaded again by the next request', async () => {
    process.kill(await pidOf('onnx'), 'SIGKILL');
    await predicts(SAMPLE, 60_000);
    await untilReady(cluster, SAMPLE);
  });

  test('a model server that hangs: the load ends by its time limit', async () => {
    putDigits(cluster, { key: 'onnx/late.onnx' });
    const pid = await pidOf('onnx');
    process.kill(pid, 'SIGSTOP');
    try {
      await apply(onnx('late', 'onnx/late.onnx'));
      await untilFailure('late', /timed out/i);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await predicts('late', 60_000);
  });

  test('a model server that is killed in a load, as the kernel does when its memory is used up', async () => {
    putDigits(cluster, { key: 'onnx/greedy.onnx' });
    const pid = await pidOf('onnx');
    // Held, so that the load is under way when it dies.
    process.kill(pid, 'SIGSTOP');
    await apply(onnx('greedy', 'onnx/greedy.onnx'));
    const isPulled = (): boolean => modelFolders().some((folder) => folder.startsWith('greedy__'));
    await waitFor(isPulled, { timeoutMs: 20_000, what: 'the files of the model' });
    process.kill(pid, 'SIGKILL');
    await untilFailure(
      'greedy',
      /^UNAVAILABLE: Failed to load model due to .*the model server went away during the load/,
    );
    await predicts('greedy', 60_000);
    await untilReady(cluster, 'greedy');
  });

  test('a puller that was killed leaves nothing behind, and loads again', async () => {
    putDigits(cluster, { key: 'onnx/after.onnx' });
    process.kill(await pidOf('puller'), 'SIGKILL');
    await apply(onnx('after', 'onnx/after.onnx'));
    await predicts('after', 60_000);
    const models = (await kubectl('get', 'isvc', '-o', 'name')).trim().split('\n');
    const folders = modelFolders();
    assert.ok(
      folders.every((folder) => models.some((name) => folder.startsWith(`${name.split('/')[1]}__`))),
      folders.join(),
    );
  });
});

describe('with TLS', () => {
  const now = new Date();
  const authority = createAuthority('mesh-authority', now);
  const served = createLeaf(authority, { commonName: 'mesh', usage: 'server', hosts: ['localhost'] }, now);
  const client = createLeaf(authority, { commonName: 'user', usage: 'client' }, now);
  const pem = (text: string): Buffer => Buffer.from(text);
  const ignoreName = { checkServerIdentity: () => undefined };
  const withCertificate = () =>
    ChannelCredentials.createSsl(pem(authority.certificate), pem(client.key), pem(client.certificate), ignoreName);
  const without = () => ChannelCredentials.createSsl(pem(authority.certificate), null, null, ignoreName);
  const agent = (more: object = {}): Agent =>
    new Agent({ connect: { ca: authority.certificate, ...ignoreName, ...more } });
  const identity = { cert: client.certificate, key: client.key };

  beforeAll(async () => {
    const stringData = { 'tls.crt': served.certificate, 'tls.key': served.key, 'ca.crt': authority.certificate };
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'mesh-tls' },
      type: 'kubernetes.io/tls',
      stringData,
    });
  });

  /** New pods, of which the first that is ready answers. */
  async function rollOut(clientAuth: string): Promise<string> {
    const before = await podHost(cluster, ONNX);
    await configure(`${CONFIG}tls: {secretName: mesh-tls, clientAuth: ${clientAuth}}\n`);
    return waitFor(
      async () => {
        const host = await podHost(cluster, ONNX).catch(() => before);
        const pods = (await kubectl('get', 'pods', `--selector=name=modelmesh-serving-${ONNX}`, '-o', 'name')).trim();
        return host !== before && !pods.includes('\n') && host;
      },
      { timeoutMs: 120_000, what: `pods with clientAuth ${clientAuth}`, intervalMs: 500 },
    );
  }

  async function digitBy(host: string, credentials: ChannelCredentials): Promise<bigint | undefined> {
    const v2 = v2Client(host, credentials);
    try {
      return (await waitFor(() => v2.digit(SAMPLE), { timeoutMs: 30_000, what: 'an answer by TLS' })).digit;
    } finally {
      v2.close();
    }
  }

  async function statusBy(host: string, dispatcher: Agent): Promise<number> {
    const { status } = await rest(`https://${host}:8008`, SAMPLE, image(), dispatcher);
    await dispatcher.close();
    return status;
  }

  test('gRPC and REST answer, with or without a certificate of the client, where that is optional', async () => {
    const host = await rollOut('optional');
    assert.deepEqual([await digitBy(host, without()), await digitBy(host, withCertificate())], [8n, 8n]);
    assert.deepEqual([await statusBy(host, agent()), await statusBy(host, agent(identity))], [200, 200]);
  });

  test('only who shows a certificate is answered where that is required', async () => {
    const host = await rollOut('require');
    assert.equal(await digitBy(host, withCertificate()), 8n);
    assert.equal(await statusBy(host, agent(identity)), 200);
    const v2 = v2Client(host, without());
    await assert.rejects(v2.digit(SAMPLE));
    v2.close();
    await assert.rejects(statusBy(host, agent()));
  });
});
