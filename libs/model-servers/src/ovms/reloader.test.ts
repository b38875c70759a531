import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigApi, ModelStatuses } from './config-api.ts';
import { readModelList } from './model-list.ts';
import { createReloader, type Reloader } from './reloader.ts';

const scratch = mkdtempSync(join(tmpdir(), 'reloader-'));
const file = join(scratch, 'model_config_list.json');
let reloader: Reloader;
afterEach(() => reloader.stop());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const available = { model_version_status: [{ state: 'AVAILABLE' }] };
const broken = {
  model_version_status: [{ state: 'END', status: { error_code: 'UNKNOWN', error_message: 'bad file' } }],
};

/** A server with scripted answers that records the list that it found at each reload. */
function server(status: (name: string) => ModelStatuses[string] = () => available) {
  const lists: (readonly string[])[] = [];
  const read = async (): Promise<ModelStatuses> =>
    Object.fromEntries([...readModelList(file).keys()].map((name) => [name, status(name)]));
  const api: ConfigApi = {
    read,
    reload: async () => {
      lists.push([...readModelList(file).keys()]);
      return read();
    },
  };
  return { api, lists };
}

function start(api: ConfigApi, waits = { loadWaitMs: 5, unloadWaitMs: 20 }): Reloader {
  reloader = createReloader({ api, file, initial: new Map(), ...waits });
  return reloader;
}

test('loads that come together go in one reload', async () => {
  const { api, lists } = server();
  const { load } = start(api);
  await Promise.all([load('a', '/a'), load('b', '/b')]);
  assert.deepEqual(lists, [['a', 'b']]);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    model_config_list: [{ config: { name: 'a', base_path: '/a' } }, { config: { name: 'b', base_path: '/b' } }],
  });
});

test('an unload is done immediately, and reaches the server with the next reload', async () => {
  const { api, lists } = server();
  const { load, unload } = start(api, { loadWaitMs: 5, unloadWaitMs: 60_000 });
  await load('a', '/a');
  unload('a');
  await load('b', '/b');
  assert.deepEqual(lists, [['a'], ['b']]);
});

test('a model that fails to load is reported with the code and reason of the server, and leaves the list', async () => {
  const { api, lists } = server((name) => (name === 'bad' ? broken : available));
  const { load } = start(api);
  const [bad] = await Promise.allSettled([load('bad', '/bad'), load('good', '/good')]);
  assert.equal(
    bad.status === 'rejected' && bad.reason.details,
    "OVMS model load failed. code: 'UNKNOWN' reason: 'bad file'",
  );
  await load('later', '/later');
  assert.deepEqual(lists, [
    ['bad', 'good'],
    ['good', 'later'],
  ]);
});

test('a model that the server does not speak of, and a reload that fails, are internal errors', async () => {
  const silent = start({ ...server().api, reload: async () => ({}) });
  await assert.rejects(silent.load('a', '/a'), {
    details: 'Expected model to load, but no status entry found in the config',
  });
  const failing = start({ ...server().api, reload: () => Promise.reject(new Error('HTTP status 500')) });
  await assert.rejects(failing.load('a', '/a'), {
    details: 'OVMS could not read its list of models again: HTTP status 500',
  });
});

test('defect 15: what a newer request supersedes is aborted, though its caller still waits', async () => {
  const { load, unload } = start(server().api);
  const first = assert.rejects(load('a', '/a'), { details: 'Aborting due to concurrent load request' });
  const second = assert.rejects(load('a', '/a'), { details: 'Aborting due to subsequent unload request' });
  unload('a');
  await Promise.all([first, second]);
});

test('defect 13: a purge leaves a list for the server to read, immediately', async () => {
  const { api, lists } = server();
  const { load, purge } = start(api);
  await load('a', '/a');
  await purge();
  assert.deepEqual(lists, [['a'], []]);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { model_config_list: [] });
});
