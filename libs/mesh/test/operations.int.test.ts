import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort, waitFor } from '@meshkeeper/sandbox';
import { clientOf, vmodel } from './inference.ts';
import { setVModel, startMeshFixture, type MeshFixture } from './mesh-fixture.ts';
import { createSecretVolume, meshCertificate, shownBy } from './tls-fixture.ts';

describe('what operators see of an instance', () => {
  let mesh: MeshFixture;
  beforeEach(async () => {
    mesh = await startMeshFixture();
  });
  afterEach(() => mesh.stop());

  /** As Prometheus does, which is configured not to verify. */
  const scrape = (port: number, path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false };
      const asking = request(options, (response) => void text(response).then(resolve, reject));
      asking.on('error', reject).end();
    });

  test('metrics are served over TLS, with a certificate of their own where the pod has none', async () => {
    const port = await freePort();
    const info = { MM_INFO_METRICS: 'deployment_info;slot=SLOT', SLOT: 'blue' };
    await mesh.startInstance('mm001', { MM_METRICS: `prometheus:port=${port}`, ...info });
    for (const path of ['/metrics', '/'])
      assert.match(await scrape(port, path), /^modelmesh_instance_models_total 0$/m);
    assert.match(await scrape(port, '/'), /^deployment_info\{slot="blue"\} 1$/m);
  });

  test('metrics show the certificate of the pod where it has one, also after it was rotated', async () => {
    const port = await freePort();
    const [old, next] = [meshCertificate(), meshCertificate()];
    const volume = createSecretVolume(join(mesh.folder, 'tls'), old);
    await mesh.startInstance('mm001', { MM_METRICS: `prometheus:port=${port};scheme=https`, ...volume.env });
    assert.equal(await shownBy(`127.0.0.1:${port}`), old.certificate);
    volume.swap(next);
    await waitFor(async () => (await shownBy(`127.0.0.1:${port}`)) === next.certificate, {
      timeoutMs: 5_000,
      what: 'the new certificate',
    });
    assert.match(await scrape(port, '/metrics'), /^modelmesh_instance_models_total 0$/m);
  });

  test('each call of a client is a line of the log, with the configured headers', async () => {
    const env = { MM_LOG_EACH_INVOKE: 'true', MM_LOG_REQUEST_HEADERS: '{"x-tenant":"tenant"}' };
    const instance = await mesh.startInstance('mm001', env);
    await instance.api.setVModel(setVModel('v1', 'm1', { loadNow: true, sync: true }));
    const client = clientOf(instance);
    await client.predict([...vmodel('v1'), 'x-tenant', 'a']);
    await client.predict(vmodel('v2'));
    client.close();
    const lines = await waitFor(
      async () => {
        const log = readFileSync(join(mesh.folder, 'mm001.log'), 'utf8').split('\n');
        const found = log.filter((line) => line.includes('"msg":"Call"'));
        return found.length < 2 ? undefined : found.map((line) => JSON.parse(line) as Record<string, unknown>);
      },
      { timeoutMs: 5_000, what: 'two lines' },
    );
    const calls = lines.map(({ ms, level: _level, time: _time, process: _process, msg: _msg, ...call }) => {
      assert.equal(typeof ms, 'number');
      return call;
    });
    const common = { method: 'predict', requestBytes: 5 };
    assert.deepEqual(calls, [
      { ...common, tenant: 'a', code: 'OK', modelId: 'm1', vModelId: 'v1', responseBytes: 5 },
      { ...common, code: 'NOT_FOUND', vModelId: 'v2', responseBytes: 0 },
    ]);
  });

  test('the other containers of the pod wait until the instance has stopped', async () => {
    const port = await freePort();
    const instance = await mesh.startInstance('mm001', { MM_PRESTOP_WAIT_PORT: String(port) });
    let isOver = false;
    const waiting = fetch(`http://127.0.0.1:${port}/prestop`).finally(() => (isOver = true));
    assert.equal((await fetch(`http://127.0.0.1:${port}/other`)).status, 404);
    assert.equal(isOver, false);
    const stopped = instance.process.stop();
    assert.equal((await waiting).status, 200);
    await stopped;
  });
});
