import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort, startProcess, waitFor } from '@meshkeeper/sandbox';
import type { ModelInferRequest } from '@meshkeeper/open-inference';
import { onTestEnd } from '@meshkeeper/testing';
import { startFakeMesh, type FakeMesh } from './fake-mesh.ts';
import { startProxy, type RunningProxy } from './rest-proxy-fixture.ts';

let mesh: FakeMesh;
let proxy: RunningProxy;

beforeAll(async () => {
  mesh = await startFakeMesh();
  proxy = await startProxy(mesh.port, { env: { REST_PROXY_MAX_BODY_BYTES: '1000000' } });
});

afterAll(async () => {
  await proxy.stop();
  await mesh.stop();
});

type Reply = { readonly status: number; readonly body: unknown; readonly headers: Headers };

async function call(path: string, init: RequestInit = {}): Promise<Reply> {
  const reply = await fetch(`${proxy.url}${path}`, init);
  assert.equal(reply.headers.get('content-type'), 'application/json');
  return { status: reply.status, body: await reply.json(), headers: reply.headers };
}

const post = (path: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Reply> =>
  call(path, { method: 'POST', body, headers });

const INFER = '{"id":"i","inputs":[{"name":"x","datatype":"INT64","shape":[1,2],"data":[[1,9007199254740993]]}]}';

test('an inference goes to the model and comes back, with the version of the path', async () => {
  const { status, body } = await post('/v2/models/m/versions/3/infer', INFER.replace('9007199254740993', '2'));
  assert.equal(status, 200);
  const outputs = [{ name: 'x', datatype: 'INT64', shape: [1, 2], data: [1, 2] }];
  assert.deepEqual(body, { model_name: 'm__isvc-1', model_version: '3', id: 'i', outputs });
});

test('integers of 64 bits are numbers of JSON, and lose nothing', async () => {
  const reply = await fetch(`${proxy.url}/v2/models/m/infer`, { method: 'POST', body: INFER });
  assert.match(await reply.text(), /"data":\[1,9007199254740993\]/);
});

test('a body is taken whatever its content type says, and may be empty', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'nonsense',
    'application/json; charset=latin1',
  ])
    assert.equal((await post('/v2/models/m/infer', INFER, { 'content-type': type })).status, 200, type);
  const empty = await call('/v2/models/m/infer', { method: 'POST' });
  assert.deepEqual(empty.body, { model_name: 'm__isvc-1' });
});

test('names of the path are decoded', async () => {
  await post('/v2/models/a%2Fb%20%C3%A9/infer', '{}');
  assert.equal((mesh.seen.at(-1)?.request as ModelInferRequest | undefined)?.modelName, 'a/b é');
  const long = 'n'.repeat(500);
  assert.equal((await post(`/v2/models/${long}/infer`, '{}')).status, 200);
});

test('metadata has 64-bit integers as strings', async () => {
  const wants = { name: 'm__isvc-1', platform: 'p', inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '64'] }] };
  assert.deepEqual((await call('/v2/models/m')).body, wants);
  assert.deepEqual((await call('/v2/models/m/versions/1')).body, wants);
});

test('a form by POST asks what can be asked by GET', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal((await post('/v2/models/m', 'a=b', headers)).status, 200);
});

test('a wrong method, an unknown path and bad JSON are answered in the envelope', async () => {
  const notAllowed = { code: 12, message: 'Method Not Allowed' };
  for (const [method, path] of [
    ['GET', '/v2/models/m/infer'],
    ['POST', '/v2/models/m'],
    ['DELETE', '/v2'],
    ['PUT', '/v2/health/live'],
  ] as const) {
    const { status, body } = await call(path, { method });
    assert.deepEqual([status, body], [501, notAllowed]);
  }
  for (const path of ['/', '/v2/models', '/v1/models/m', '/v2/models/m/', '/v2/models//infer', '/v2/models/m/infer/x'])
    assert.deepEqual((await call(path)).body, { code: 5, message: 'Not Found' }, path);
  assert.equal((await call('/x')).status, 404);
  const bad = await post('/v2/models/m/infer', '{"inputs":[}');
  assert.deepEqual([bad.status, bad.body], [400, { code: 3, message: "invalid JSON: unexpected '}' at byte 11" }]);
  assert.equal((await call('/v2/models/%zz')).status, 400);
});

test('every code of a model has its HTTP status', async () => {
  const statuses = {
    1: 499,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    10: 409,
    11: 400,
    12: 501,
    13: 500,
    14: 503,
    15: 500,
    16: 401,
  };
  for (const [code, wanted] of Object.entries(statuses)) {
    const { status, body, headers } = await post(`/v2/models/code-${code}/infer`, '{}');
    assert.deepEqual([status, body], [wanted, { code: Number(code), message: `failed: code-${code}` }]);
    assert.equal(headers.get('grpc-metadata-served-by'), `code-${code}`);
  }
});

test('headers go to the model, and its headers come back', async () => {
  const { headers } = await post('/v2/models/m/infer', '{}', {
    'Grpc-Metadata-mm-vmodel-id': 'v',
    Authorization: 'Bearer t',
    Accept: 'a/b',
  });
  assert.equal(headers.get('grpc-metadata-served-by'), 'm');
  const { metadata } = mesh.seen.at(-1) ?? assert.fail();
  const names = ['mm-vmodel-id', 'authorization', 'grpcgateway-authorization', 'grpcgateway-accept', 'x-forwarded-for'];
  assert.deepEqual(
    names.map((name) => metadata[name]),
    [['v'], ['Bearer t'], ['Bearer t'], ['a/b'], ['127.0.0.1']],
  );
  assert.deepEqual(metadata['x-forwarded-host'], [`127.0.0.1:${proxy.port}`]);
});

test('a call that takes longer than Grpc-Timeout says is given up', async () => {
  const late = await post('/v2/models/slow/infer', '{"id":"late"}', { 'Grpc-Timeout': '100m' });
  assert.deepEqual([late.status, late.body], [504, { code: 4, message: 'context deadline exceeded' }]);
  await waitFor(() => mesh.cancelled.includes('late'), { timeoutMs: 5_000, what: 'the call to be cancelled' });
  assert.equal((await post('/v2/models/m/infer', '{}', { 'Grpc-Timeout': 'soon' })).status, 400);
});

test('a client that goes away cancels its call', async () => {
  const gone = new AbortController();
  const body = '{"id":"gone"}';
  const asked = fetch(`${proxy.url}/v2/models/slow/infer`, { method: 'POST', body, signal: gone.signal }).catch(
    () => 'gone',
  );
  const isThere = () => mesh.seen.some(({ request }) => 'id' in request && request.id === 'gone');
  await waitFor(isThere, { timeoutMs: 5_000, what: 'the call' });
  gone.abort();
  assert.equal(await asked, 'gone');
  await waitFor(() => mesh.cancelled.includes('gone'), { timeoutMs: 5_000, what: 'the call to be cancelled' });
});

test('what is too large is refused: a body of a client, and an answer of a model', async () => {
  const body = await post('/v2/models/m/infer', Buffer.alloc(1_000_001, ' '));
  assert.deepEqual([body.status, body.body], [429, { code: 8, message: 'the body has more than 1000000 bytes' }]);
  const answer = await post('/v2/models/large/infer', '{}');
  assert.equal(answer.status, 429);
});

test('the reason for refusing a body is sent while it is still arriving', async () => {
  const request = httpRequest(`${proxy.url}/v2/models/m/infer`, { method: 'POST' });
  request.write('{"inputs":[{"datatype":"INT8","data":[1,x');
  const status = await new Promise((resolve) => request.once('response', (reply) => resolve(reply.statusCode)));
  assert.equal(status, 400);
  request.destroy();
});

test('health: the process lives, the mesh can be reached, and a model is ready when it answers with its metadata', async () => {
  assert.deepEqual((await call('/v2/health/live')).body, { live: true });
  assert.deepEqual((await call('/v2/health/ready')).body, { ready: true });
  assert.deepEqual((await call('/v2/models/m/ready')).body, { name: 'm', ready: true });
  assert.deepEqual((await call('/v2/models/m/versions/2/ready')).body, { name: 'm', version: '2', ready: true });
  const gone = await call('/v2/models/gone/ready');
  assert.deepEqual([gone.status, gone.body], [404, { code: 5, message: 'vmodel not found' }]);
  assert.deepEqual((await call('/v2')).body, { name: 'meshkeeper-rest-proxy', version: '0.1.0', extensions: [] });
});

test('the description names every route', async () => {
  const { body } = await call('/openapi.json');
  const { openapi, paths } = body as {
    openapi: string;
    paths: Record<string, Record<string, { parameters?: unknown[] }>>;
  };
  assert.equal(openapi, '3.1.0');
  assert.equal(Object.keys(paths).length, 10);
  assert.equal(paths['/v2/models/{name}/versions/{version}/infer']?.['post']?.parameters?.length, 2);
});

test('it listens only once the mesh can be reached, and a mesh that comes back is found again', async () => {
  const meshPort = await freePort();
  let later: FakeMesh | undefined;
  const other = await startProxy(meshPort, {
    ready: async (port) => {
      if (later !== undefined) return (await fetch(`http://127.0.0.1:${port}/v2/health/ready`)).ok;
      await assert.rejects(fetch(`http://127.0.0.1:${port}/v2/health/live`));
      later = await startFakeMesh(meshPort);
      return false;
    },
  });
  await later?.stop();
  const status = async (path: string) =>
    (await fetch(`${other.url}${path}`, { method: path.endsWith('infer') ? 'POST' : 'GET' })).status;
  await waitFor(async () => (await status('/v2/health/ready')) === 503, { timeoutMs: 5_000, what: 'readiness to end' });
  assert.deepEqual([await status('/v2/health/live'), await status('/v2/models/m/infer')], [200, 503]);
  later = await startFakeMesh(meshPort);
  await waitFor(async () => (await status('/v2/models/m/infer')) === 200, { timeoutMs: 10_000, what: 'the mesh' });
  await other.stop();
  await later.stop();
});

test('who stops it takes no call away: those that run come to their end, and no more come', async () => {
  const other = await startProxy(mesh.port);
  const body = new TransformStream<string, string>();
  const writer = body.writable.getWriter();
  const asked = fetch(`${other.url}/v2/models/m/infer`, {
    method: 'POST',
    body: body.readable.pipeThrough(new TextEncoderStream()),
    duplex: 'half',
  });
  void writer.write('{"id":');
  const wasRead = async () => (await fetch(`${other.url}/v2/health/ready`)).ok;
  await waitFor(wasRead, { timeoutMs: 5_000, what: 'the proxy' });
  const stopped = other.stop();
  await waitFor(
    () =>
      fetch(`${other.url}/v2/health/live`).then(
        () => false,
        () => true,
      ),
    { timeoutMs: 5_000, what: 'the listener to close' },
  );
  await writer.write('"last"}');
  await writer.close();
  assert.deepEqual(await (await asked).json(), { model_name: 'm__isvc-1', id: 'last' });
  await stopped;
  assert.equal(await other.process.exited, 'code 0');
});

test('on SIGTERM it accepts calls until the mesh of its pod has drained', async () => {
  const drained = Promise.withResolvers<void>();
  const prestop = createServer((_, response) => void drained.promise.then(() => response.end()));
  await new Promise<void>((resolve) => prestop.listen(0, '127.0.0.1', resolve));
  onTestEnd(() => prestop.close());
  const other = await startProxy(mesh.port, { env: { PRESTOP_PORT: String((prestop.address() as AddressInfo).port) } });
  const asked = once(prestop, 'request', { signal: AbortSignal.timeout(10_000) });
  const stopped = other.stop();
  const [{ url }] = (await asked) as [IncomingMessage];
  const { status } = await fetch(`${other.url}/v2/models/m/infer`, { method: 'POST' });
  drained.resolve();
  await stopped;
  assert.deepEqual([url, status, await other.process.exited], ['/prestop', 200, 'code 0']);
});

test('a wrong environment and a port that is taken end it with one sentence', async () => {
  const env = {
    POD_LOCALHOST: '127.0.0.1',
    REST_PROXY_LISTEN_PORT: String(proxy.port),
    REST_PROXY_GRPC_PORT: String(mesh.port),
  };
  const start = (more: Record<string, string>) =>
    startProcess({
      name: 'second',
      command: process.execPath,
      args: [`${import.meta.dirname}/../../../apps/rest-proxy/src/main.ts`],
      env: { ...env, ...more },
      logFile: `${proxy.process.logFile}-2`,
      ready: () => false,
    });
  await assert.rejects(start({}), /ended with code 1/);
  await assert.rejects(start({ REST_PROXY_GRPC_PORT: 'x' }), /ended with code 1/);
  const log = readFileSync(`${proxy.process.logFile}-2`, 'utf8');
  assert.match(log, /EADDRINUSE/);
  assert.match(log, /REST_PROXY_GRPC_PORT: must be a whole number/);
});
