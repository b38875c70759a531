import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { waitFor } from '../../src/index.ts';
import { kubectlOf, startCluster, statusOf, untilReady, untilWords, type Cluster } from './model-objects.ts';
import { startPrivateWeb, type PrivateWeb } from './private-web.ts';
import { readEverything } from './redis-contents.ts';
import { EIGHT, endpoints, image, model, podHost, putDigits, rest, v2Client } from './serving-cluster.ts';

/** The cases by which the original was accepted, with real storage, real model servers and real predictions. */
const ROOT = join(import.meta.dirname, '../../../..');
const PLANTED = 'planted-5f1d-header-secret';
const ONNX = 'onnx-1.x';
const CONFIG = 'podsPerRuntime: 1\nscaleToZero: {enabled: false}\nmetrics: {enabled: true, scheme: http}\n';
let cluster: Cluster;
/** What git reported of the working tree before the sandbox started. */
let treeBefore: string;
let web: PrivateWeb;
const { kubectl, apply, configure } = kubectlOf(() => cluster);

beforeAll(async () => {
  web = await startPrivateWeb(PLANTED);
  treeBefore = workingTree();
  cluster = await startCluster({ serving: { kind: 'real', mlserver: true } });
  await storageKeys();
});

afterAll(async () => {
  web?.stop();
  await cluster?.stop();
});

function workingTree(): string {
  return execFileSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' });
}

/** Further keys beside the one that the sandbox keeps. */
async function storageKeys(): Promise<void> {
  const http = {
    type: 'http',
    url: `${web.url}/models`,
    headers: { 'X-Token': [PLANTED] },
    certificate: web.ca,
    client_certificate: web.cert,
    client_key: web.key,
  };
  const config = { web: http, bare: { ...http, headers: {} }, claim: { type: 'pvc', name: 'listed' } };
  const stringData = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]));
  const size = { resources: { requests: { storage: '1Mi' } }, accessModes: ['ReadWriteOnce'] };
  for (const name of ['listed', 'by-uri']) {
    await apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: size });
    putDigits(cluster, { claim: name, path: 'onnx/digits.onnx' });
  }
  await kubectl('patch', 'secret', 'storage-config', '--type=merge', `--patch=${JSON.stringify({ stringData })}`);
  // A claim that the Secret names is another mount of every pod: they are replaced.
  const mounts = '--output=jsonpath={.spec.template.spec.volumes[*].name}';
  for (const runtime of [ONNX, 'mlserver-1.x']) {
    const deployment = `deployment/modelmesh-serving-${runtime}`;
    const mounted = async (): Promise<boolean> => (await kubectl('get', deployment, mounts)).includes('listed');
    await waitFor(mounted, { timeoutMs: 30_000, what: `${deployment} to mount the claim` });
    await kubectl('rollout', 'status', deployment, '--timeout=60s');
  }
}

const onnx = (name: string, path: string, storage: object = { key: 'localMinIO' }): object =>
  model(name, 'onnx', { storage: { ...storage, path } });

test('a start leaves the working tree as it is, whatever the model servers write', () => {
  assert.equal(workingTree(), treeBefore);
});

describe('a prediction', () => {
  test('is what the start ended with, for both model servers', () => {
    const answers = cluster.sandbox.predictions.map(({ url, request, answer }) => ({
      model: url.split('/').at(-2),
      request,
      data: (JSON.parse(answer) as { outputs: [{ data: readonly number[] }] }).outputs[0].data,
    }));
    const request = 'examples/models/digits-request.json';
    assert.deepEqual(cluster.sandbox.sample, { kind: 'ready' });
    assert.deepEqual(answers, [
      { model: 'example-onnx-isvc', request, data: [8] },
      { model: 'example-sklearn-isvc', request, data: [8] },
    ]);
  });

  test('comes by gRPC and by REST, from any pod, under the name of the model that served', async () => {
    for (const runtime of [ONNX, 'mlserver-1.x'])
      for (const name of ['example-onnx-isvc', 'example-sklearn-isvc']) {
        const host = await podHost(cluster, runtime);
        const client = v2Client(host);
        const { digit, served } = await client.digit(name);
        client.close();
        const { status, text } = await rest(`http://${host}:8008`, name, image());
        assert.deepEqual([digit, status], [8n, 200]);
        assert.match(served, new RegExp(`^${name}__isvc-[0-9a-f]{10}$`));
        assert.ok(text.startsWith(`{"model_name":"${served}"`), text);
      }
  });

  test('is refused in the words of the model server for a bad shape or type', async () => {
    const host = await podHost(cluster, ONNX);
    const client = v2Client(host);
    const wrongType = { datatype: 'INT32', contents: { intContents: EIGHT.map(Math.round) } };
    await assert.rejects(client.digit('example-onnx-isvc', wrongType), { code: 3, details: /model expects 'FP32'/ });
    await assert.rejects(client.digit('example-onnx-isvc', { shape: [1n, 8n, 8n] }), {
      code: 3,
      details: /unexpected shape for input 'image'/,
    });
    await assert.rejects(
      client.digit('example-sklearn-isvc', { shape: [1n, 32n], contents: { fp32Contents: EIGHT.slice(32) } }),
      {
        details: /builtins\.ValueError/,
      },
    );
    client.close();
    const { status, text } = await rest(`http://${host}:8008`, 'example-onnx-isvc', image({ shape: [1, 63] }));
    assert.equal(status, 400);
    assert.equal((JSON.parse(text) as { readonly code: number }).code, 3);
  });

  test('of an unknown model is NOT_FOUND', async () => {
    const { status, text } = await rest(`http://${await podHost(cluster, ONNX)}:8008`, 'absent', image());
    assert.deepEqual([status, (JSON.parse(text) as { readonly code: number }).code], [404, 5]);
  });

  test('metadata has the name of the model that serves, and its tensors', async () => {
    const client = v2Client(await podHost(cluster, ONNX));
    const { name, inputs } = await client.metadata('example-onnx-isvc');
    client.close();
    assert.ok(name.startsWith('example-onnx-isvc'));
    assert.deepEqual(inputs, [{ name: 'image', datatype: 'FP32', shape: [-1n, 64n] }]);
  });
});

test('a pod that is replaced is in the Service only while it answers by REST', async () => {
  const [old] = (await endpoints(cluster)).filter(({ pod }) => pod.startsWith(`modelmesh-serving-${ONNX}`));
  assert.ok(old !== undefined);
  await kubectl('delete', 'pod', old.pod, '--wait=false');
  const answers = new Map<string, Set<number | string>>();
  const ask = async (host: string): Promise<number | string> => {
    const ownConnection = new Agent();
    const answer = await rest(`http://${host}:8008`, 'example-sklearn-isvc', image(), ownConnection).catch(String);
    await ownConnection.close();
    return typeof answer === 'string' ? answer : answer.status;
  };
  const isReplaced = async (): Promise<boolean> => {
    for (const { pod, host } of await endpoints(cluster))
      answers.set(pod, (answers.get(pod) ?? new Set()).add(await ask(host)));
    return [...answers.keys()].some((pod) => pod !== old.pod && pod.startsWith(`modelmesh-serving-${ONNX}`));
  };
  await waitFor(isReplaced, { timeoutMs: 30_000, intervalMs: 0, what: 'another pod in the Service' });
  assert.deepEqual(
    [...answers.values()].flatMap((seen) => [...seen]).filter((answer) => answer !== 200),
    [],
  );
});

describe('an update', () => {
  test('loses no request: the old model answers until the new one does', async () => {
    putDigits(cluster, { key: 'onnx/digits-2.onnx' });
    await apply(onnx('updated', 'onnx/digits.onnx'));
    const before = await untilReady(cluster, 'updated');
    const client = v2Client(await podHost(cluster, ONNX));
    const served = new Set<string>();
    const enough = new AbortController();
    let asked = 0;
    const ask = async (): Promise<void> => {
      while (!enough.signal.aborted) {
        served.add((await client.digit('updated')).served);
        asked += 1;
        await delay(2);
      }
    };
    const asking = Promise.all(Array.from({ length: 4 }, ask));
    await apply(onnx('updated', 'onnx/digits-2.onnx'));
    const now = await untilReady(cluster, 'updated', before);
    await waitFor(() => served.has(now), { timeoutMs: 5_000, what: 'an answer of the new model' });
    enough.abort();
    await asking;
    client.close();
    assert.deepEqual([...served].sort(), [before, now].sort());
    assert.ok(asked > 50, `only ${asked} requests`);
  });

  test('of the format moves a model to another model server, which answers from then on', async () => {
    await apply(onnx('changed', 'onnx/digits.onnx'));
    const before = await untilReady(cluster, 'changed');
    await predicts('changed');
    await apply(model('changed', 'sklearn', { storage: { key: 'localMinIO', path: 'sklearn/digits.joblib' } }));
    await untilReady(cluster, 'changed', before);
    await predicts('changed');
  });

  test('to a path that is not there leaves the old model serving, and says why', async () => {
    await apply(onnx('kept', 'onnx/digits.onnx'));
    const revision = await untilReady(cluster, 'kept');
    await apply(onnx('kept', 'onnx/nothing.onnx'));
    const { modelStatus } = await untilWords(cluster, 'kept', 'True BlockedByFailedLoad Loaded/FailedToLoad');
    assert.deepEqual(
      { reason: modelStatus?.lastFailureInfo?.reason, message: modelStatus?.lastFailureInfo?.message },
      {
        reason: 'ModelLoadFailed',
        message:
          "Failed to pull model from storage due to error: no object of bucket 'modelmesh-example-models' matches the path 'onnx/nothing.onnx'",
      },
    );
    const client = v2Client(await podHost(cluster, ONNX));
    assert.deepEqual(await client.digit('kept'), { digit: 8n, served: revision });
    client.close();
  });
});

/** What `lastFailureInfo` says of a model that cannot be loaded. */
async function failureOf(name: string): Promise<string> {
  const message = async (): Promise<string | undefined> => {
    const { modelStatus } = await statusOf(cluster, name);
    return modelStatus?.states?.activeModelState === 'FailedToLoad' ? modelStatus.lastFailureInfo?.message : undefined;
  };
  return waitFor(message, { timeoutMs: 40_000, what: `${name} to fail` });
}

describe('storage', () => {
  test('that is wrong is reported in one sentence each: key, bucket, path, field, header', async () => {
    const wrong = {
      'no-key': { storage: { key: 'nowhere', path: 'm.onnx' } },
      'no-bucket': { storage: { key: 'localMinIO', path: 'm.onnx', parameters: { bucket: 'nowhere' } } },
      'no-storage': { storage: { path: 'm.onnx' } },
      'no-file': { storage: { key: 'web', path: 'nothing.onnx' } },
      'no-header': { storage: { key: 'bare', path: 'digits.onnx' } },
      'no-claim': { storageUri: 'pvc://by-uri/onnx/digits.onnx' },
      'no-model': { storage: { key: 'localMinIO', path: 'sklearn/digits.joblib' } },
    };
    for (const [name, storage] of Object.entries(wrong)) await apply(model(name, 'onnx', storage));
    const failures = await Promise.all(Object.keys(wrong).map(failureOf));
    const pulled = 'Failed to pull model from storage due to error: ';
    const object = Object.fromEntries(Object.keys(wrong).map((name, index) => [name, failures[index]]));
    const { 'no-model': noModel, 'no-claim': noClaim, ...others } = object;
    // There is such a claim, but neither the Secret nor allowAnyPVC had it mounted.
    assert.match(noClaim ?? '', /: the claim 'by-uri' is not mounted in this pod; the storage Secret must name it, or/);
    assert.match(noModel ?? '', /^INTERNAL: Failed to load model due to model runtime error: /);
    assert.deepEqual(others, {
      'no-key': 'Did not find storage config for key nowhere: Storage secretKey not found: nowhere',
      'no-bucket': `${pulled}bucket 'nowhere' was not found (404)`,
      'no-storage': 'Predictor Storage field missing',
      'no-file': `${pulled}${web.url}/models/nothing.onnx was not found (404)`,
      'no-header': `${pulled}access to ${web.url}/models/digits.onnx was denied (403)`,
    });
    for (const name of Object.keys(wrong)) await kubectl('delete', 'isvc', name);
  });

  test('by HTTPS with a private authority, a client certificate and a header', async () => {
    await apply(onnx('by-https', 'digits.onnx', { key: 'web' }));
    await untilReady(cluster, 'by-https');
    await predicts('by-https');
  });

  test('by a claim of the storage Secret, which mounts it in every pod', async () => {
    await apply(onnx('by-claim', 'onnx/digits.onnx', { key: 'claim' }));
    await untilReady(cluster, 'by-claim', '', 60_000);
    await predicts('by-claim');
  });

  test('by the URI of a claim, which allowAnyPVC has mounted for it', async () => {
    await configure(`${CONFIG}allowAnyPVC: true\n`);
    await apply(model('by-uri', 'onnx', { storageUri: 'pvc://by-uri/onnx/digits.onnx' }));
    await untilReady(cluster, 'by-uri', '', 60_000);
    await predicts('by-uri');
  });
});

async function predicts(name: string): Promise<void> {
  const client = v2Client(await podHost(cluster, ONNX));
  assert.equal((await client.digit(name)).digit, 8n);
  client.close();
}

test('no credential of a storage configuration is in Redis, in a log, in a status or in the metrics', async () => {
  const logs = join(cluster.folder, 'state', 'logs');
  const files = readdirSync(logs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
  const secrets = [PLANTED, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', web.key.split('\n')[1] ?? ''];
  const host = await podHost(cluster, ONNX);
  const places: readonly (readonly [string, string])[] = [
    ...files.map((name) => [name, readFileSync(join(logs, name), 'utf8')] as const),
    ['redis', await readEverything(cluster.sandbox.redisUrl)],
    ['objects', await kubectl('get', 'isvc,pods,deployments,events', '-o', 'json')],
    ['metrics', await (await fetch(`http://${host}:2113/metrics`)).text()],
  ];
  const found = places.filter(([, text]) => secrets.some((secret) => text.includes(secret))).map(([place]) => place);
  assert.deepEqual(found, []);
  assert.ok(files.some((name) => name.includes('_puller.log')));
});
