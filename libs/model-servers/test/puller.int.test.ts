import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';
import { makePod, startPuller, startServer, type Pod, type RunningPuller } from './pod.ts';

const SECRET = 'hunter2-never-shown';
const KEY = JSON.stringify({ storage_params: { type: 'pvc', name: 'data' }, model_type: { name: 'scripted' } });
let pod: Pod;
let server: Awaited<ReturnType<typeof startServer>>;
let puller: RunningPuller;

beforeAll(async () => {
  pod = await makePod();
  for (const name of ['plain', 'FAIL_no such layer', 'UNLOADFAIL_1']) pod.put(name, 'x'.repeat(10));
  server = await startServer(pod);
  puller = await startPuller(pod);
});

afterAll(async () => {
  await puller.stop();
  await server.stop();
  pod.remove();
});

const load = (modelId: string, modelPath: string, modelKey = KEY, signal?: AbortSignal) =>
  puller.runtime.loadModel(
    { modelId, modelType: 'mt:scripted', modelPath, modelKey },
    signal === undefined ? {} : { signal },
  );

test('a model is fetched, then loaded from where it lies', async () => {
  const { sizeInBytes } = await load('m1', 'plain');
  assert.equal(sizeInBytes, 1_048_576n);
  assert.equal(readFileSync(join(pod.models, 'm1', 'plain'), 'utf8'), 'x'.repeat(10));
  assert.deepEqual(await server.models(), ['m1']);
});

test('an unload goes to the server first, then the files go', async () => {
  await puller.runtime.unloadModel({ modelId: 'm1' });
  await puller.runtime.unloadModel({ modelId: 'm1' });
  assert.deepEqual([await server.models(), existsSync(join(pod.models, 'm1'))], [[], false]);
});

test('a failure of the server keeps its code and its words', async () => {
  await assert.rejects(load('m2', 'FAIL_no such layer'), {
    code: 13,
    details: 'Failed to load model due to model runtime error: no such layer',
  });
  await puller.runtime.unloadModel({ modelId: 'm2' });
});

test('files of a model that the server could not unload stay', async () => {
  await load('m3', 'UNLOADFAIL_1');
  await assert.rejects(puller.runtime.unloadModel({ modelId: 'm3' }), {
    details: /^Failed to unload model from runtime/,
  });
  assert.ok(existsSync(join(pod.models, 'm3')));
  await puller.runtime.unloadModel({ modelId: 'm3' });
  assert.ok(!existsSync(join(pod.models, 'm3')));
});

test('what storage refuses never reaches the server', async () => {
  const before = (await server.calls()).length;
  await assert.rejects(load('m4', 'absent'), { details: /^Failed to pull model from storage due to error: / });
  await assert.rejects(load('m4', 'x', JSON.stringify({ storage_key: 'nowhere', model_type: { name: 'a' } })), {
    details: 'Did not find storage config for key nowhere: Storage secretKey not found: nowhere',
  });
  await assert.rejects(load('m4', 'x', JSON.stringify({ model_type: { name: 'a' } })), {
    details: 'Predictor Storage field missing',
  });
  await assert.rejects(load('m4', 'x', '{'), {
    details: /^Invalid modelKey in LoadModelRequest\. Error processing JSON '\{'/,
  });
  assert.equal((await server.calls()).length, before);
  assert.ok(!existsSync(join(pod.models, 'm4')));
});

/** A web server that begins to answer and then waits. */
async function slowServer() {
  const waiting: ServerResponse[] = [];
  const http = createServer((request, response) => {
    if (request.headers['authorization'] !== `Bearer ${SECRET}`) {
      response.writeHead(401).end();
      return;
    }
    response.writeHead(200, { 'content-length': '8' });
    response.write('half');
    waiting.push(response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const stop = (): void => {
    http.closeAllConnections();
    http.close();
  };
  return { waiting, stop, url: `http://127.0.0.1:${port}/` };
}

const SLOW_KEY = JSON.stringify({ storage_key: 'slow', model_type: { name: 'scripted' } });

test('a load that is given up leaves nothing, and the next one works', async () => {
  const slow = await slowServer();
  pod.storage('slow', { type: 'http', url: slow.url, headers: { Authorization: `Bearer ${SECRET}` } });
  const caller = new AbortController();
  const given = assert.rejects(load('m5', 'plain', SLOW_KEY, caller.signal));
  await waitFor(() => slow.waiting.length === 1, { timeoutMs: 5_000, what: 'the request' });
  caller.abort();
  await given;
  await puller.runtime.unloadModel({ modelId: 'm5' });
  assert.ok(!existsSync(join(pod.models, 'm5')));
  const again = load('m5', 'plain', SLOW_KEY);
  await waitFor(() => slow.waiting.length === 2, { timeoutMs: 5_000, what: 'the second request' });
  slow.waiting[1]?.end('more');
  await again;
  assert.equal(readFileSync(join(pod.models, 'm5', 'plain'), 'utf8'), 'halfmore');
  slow.stop();
});

test('a puller that is killed in mid-load starts clean: its status call removes what is there', async () => {
  const slow = await slowServer();
  pod.storage('slow', { type: 'http', url: slow.url, headers: { Authorization: `Bearer ${SECRET}` } });
  const lost = assert.rejects(load('m6', 'plain', SLOW_KEY));
  await waitFor(() => existsSync(join(pod.models, 'm6')), { timeoutMs: 5_000, what: 'the first bytes' });
  puller.kill();
  await lost;
  mkdirSync(join(pod.models, '_others_models'));
  await puller.stop();
  puller = await startPuller(pod);
  assert.equal((await puller.runtime.runtimeStatus({})).status, 1);
  assert.deepEqual(readdirSync(pod.models), ['_others_models']);
  await load('m6', 'plain');
  slow.stop();
});

test('what was fetched is counted by type of storage, and why it failed', async () => {
  await load('m7', 'plain');
  await assert.rejects(load('m8', 'absent'));
  const metrics = await puller.metrics();
  assert.match(metrics, /^meshkeeper_pull_seconds_count\{type="pvc"\} \d+$/m);
  assert.match(metrics, /^meshkeeper_pull_failures_total\{type="pvc",reason="NotFound"\} 1$/m);
});

test('no secret of a storage configuration is in the log or the metrics', async () => {
  const seen = `${readFileSync(puller.logFile, 'utf8')}${await puller.metrics()}`;
  assert.ok(!seen.includes(SECRET));
});

test('a puller that receives SIGTERM serves until the mesh of its pod has drained', async () => {
  const drained = Promise.withResolvers<void>();
  const mesh = createServer((request, response) => {
    assert.equal(request.url, '/prestop');
    void drained.promise.then(() => response.end());
  });
  await new Promise<void>((resolve) => mesh.listen(0, '127.0.0.1', resolve));
  onTestEnd(() => mesh.close());
  await puller.stop();
  puller = await startPuller(pod, { PRESTOP_PORT: String((mesh.address() as AddressInfo).port) });
  // It gives metrics last of all when it starts; before that a signal simply ends it.
  await waitFor(() => puller.metrics(), { timeoutMs: 10_000, what: 'the metrics' });
  const asked = once(mesh, 'connection', { signal: AbortSignal.timeout(10_000) });
  process.kill(puller.pid, 'SIGTERM');
  await asked;
  await load('m9', 'plain');
  drained.resolve();
  assert.equal(await puller.exited, 'code 0');
  puller = await startPuller(pod);
});

test('without a model server behind it a puller ends with code 1 within seconds, and says why', async () => {
  const other = await makePod();
  await assert.rejects(startPuller(other), /did not take a connection within 3 s/);
  await assert.rejects(startPuller(other, { MODEL_SERVER_ENDPOINT: 'nonsense' }), /Invalid Endpoint: nonsense/);
  other.remove();
});
