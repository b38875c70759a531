import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { podFolder, startAdapter, type RunningAdapter } from './adapter-process.ts';

const pod = podFolder();
const list = join(pod.models, 'model_config_list.json');
const calls: string[] = [];
let adapter: RunningAdapter;

type List = {
  readonly model_config_list: readonly { readonly config: { readonly name: string; readonly base_path: string } }[];
};

/** How OpenVINO Model Server answers about its list: one bad model makes the reload an error, which `GET /v1/config` details. */
function statuses() {
  const { model_config_list: models } = JSON.parse(readFileSync(list, 'utf8')) as List;
  const isBad = (folder: string): boolean => readdirSync(join(folder, '1')).includes('bad.xml');
  const version = (folder: string) =>
    isBad(folder)
      ? { state: 'LOADING', status: { error_code: 'UNKNOWN', error_message: 'Cannot parse' } }
      : { version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: 'OK' } };
  const entries = models.map(
    ({ config }) => [config.name, { model_version_status: [version(config.base_path)] }] as const,
  );
  return { all: Object.fromEntries(entries), bad: models.some(({ config }) => isBad(config.base_path)) };
}

const server = createServer((request, response) => {
  calls.push(`${request.method} ${request.url}`);
  const isReload = request.method === 'POST' && request.url === '/v1/config/reload';
  const isRead = request.method === 'GET' && request.url === '/v1/config';
  const { all, bad } = statuses();
  const refused = isReload && bad;
  response.statusCode = !isReload && !isRead ? 404 : refused ? 500 : isReload ? 201 : 200;
  response.end(JSON.stringify(refused ? { error: 'Reloading config file failed' } : all));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  adapter = await startAdapter('ovms', pod, (server.address() as AddressInfo).port);
  adapter.put('ir/good/good.xml', 'x');
  adapter.put('ir/bad/bad.xml', 'x');
});

afterAll(async () => {
  await adapter.stop();
  server.closeAllConnections();
  server.close();
  pod.remove();
});

test('there is a list before the server starts, and after a purge', async () => {
  assert.deepEqual(JSON.parse(readFileSync(list, 'utf8')), { model_config_list: [] });
  const { methodInfos } = await adapter.untilReady();
  assert.deepEqual(methodInfos['tensorflow.serving.PredictionService/Predict'], { idInjectionPath: [1, 1] });
  assert.deepEqual(JSON.parse(readFileSync(list, 'utf8')), { model_config_list: [] });
});

test('models that load together need one reload, and the one that is bad hurts no other', async () => {
  calls.length = 0;
  const [good, bad] = await Promise.allSettled([
    adapter.load('good', 'openvino_ir', 'ir/good'),
    adapter.load('bad', 'openvino_ir', 'ir/bad'),
  ]);
  assert.equal(good.status, 'fulfilled');
  assert.equal(
    bad.status === 'rejected' && bad.reason.details,
    "Failed to load Model due to OVMS runtime error: OVMS model load failed. code: 'UNKNOWN' reason: 'Cannot parse'",
  );
  assert.deepEqual(calls, ['POST /v1/config/reload', 'GET /v1/config']);
  assert.ok(!existsSync(join(pod.models, '_ovms_models', 'bad')));
});

test('the list names the model by its id and the folder that holds its versions', () => {
  const folder = join(pod.models, '_ovms_models', 'good');
  const { model_config_list: models } = JSON.parse(readFileSync(list, 'utf8')) as List;
  assert.deepEqual(
    models.filter(({ config }) => config.name === 'good'),
    [{ config: { name: 'good', base_path: folder } }],
  );
  assert.deepEqual(readdirSync(join(folder, '1')), ['good.xml']);
});
