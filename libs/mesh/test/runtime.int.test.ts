import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'nice-grpc';
import { messageOf } from '@meshkeeper/domain';
import { ModelRuntimeDefinition, RuntimeStatusNumber } from '@meshkeeper/modelmesh';
import { freePort, waitFor } from '@meshkeeper/sandbox';
import { createLogger } from '@meshkeeper/process';
import { onTestEnd } from '@meshkeeper/testing';
import { connectRuntime } from '../src/runtime/connect-runtime.ts';
import type { RuntimeTiming } from '../src/runtime/runtime-timing.ts';
import { startScriptedRuntime, type ScriptedRuntime, type ScriptedRuntimeOptions } from './scripted-runtime.ts';

const logger = createLogger('test', 'silent');
const never = new AbortController().signal;
/** Waits of the original, in a test's measure of time. */
const QUICK = { afterErrorMs: 100, afterCutMs: 200, unloadRetryMs: 50 };

const model = (id: string, path: string) => ({ id, path, type: 'mt:x', key: '{}' });
const failure = (call: Promise<unknown>) => call.then(() => 'no failure', messageOf);

async function connect(address: string | readonly string[], timing: Partial<RuntimeTiming> = {}, signal = never) {
  const management = typeof address === 'string' ? [address] : address;
  return connectRuntime({ management }, { logger, signal, timing: { ...QUICK, ...timing } });
}

async function start(options: ScriptedRuntimeOptions = {}): Promise<ScriptedRuntime> {
  const server = await startScriptedRuntime(options);
  onTestEnd(() => server.stop());
  return server;
}

/** A server and the mesh's end of it. */
async function joined(env: Readonly<Record<string, string>> = {}) {
  const server = await start({ env });
  const runtime = await connect(server.address);
  onTestEnd(() => runtime.close());
  return { server, runtime };
}

test('it is connected within a second of the server being ready', async () => {
  const server = await start({ env: { START_MS: '1500' } });
  const listeningAt = performance.now();
  const runtime = await connect(server.address);
  const tookMs = performance.now() - listeningAt;
  onTestEnd(() => runtime.close());
  assert.ok(tookMs > 1_000 && tookMs < 2_500, `${tookMs} ms`);
  assert.equal(runtime.facts.maxLoadingConcurrency, 6);
  assert.equal(runtime.facts.loadTimeoutMs, 90_000);
});

test('a server that starts after the mesh is found', async () => {
  const port = await freePort();
  const connecting = connect(`127.0.0.1:${port}`);
  connecting.catch(() => undefined);
  const server = await start({ endpoint: `port:${port}` });
  const runtime = await connecting;
  onTestEnd(() => runtime.close());
  assert.equal(runtime.address, server.address);
});

test('of two endpoints the one that answers is taken, also when it is a socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'socket-'));
  onTestEnd(() => rmSync(folder, { recursive: true, force: true }));
  const endpoint = `unix://${folder}/grpc.sock`;
  await start({ endpoint });
  const runtime = await connect([`127.0.0.1:${await freePort()}`, endpoint]);
  onTestEnd(() => runtime.close());
  assert.equal(runtime.address, endpoint);
  assert.equal((await runtime.load(model('m1', 'SIZE_5_0_0'), never)).sizeBytes, 5);
});

test('a server that says what cannot be is refused by field and value', async () => {
  const server = await start({ env: { LOAD_CONCURRENCY: '0' } });
  assert.equal(
    await failure(connect(server.address)),
    'The model server says maxLoadingConcurrency 0, which has to be at least 1',
  );
});

test('a server that is failing ends the waiting', async () => {
  const server = createServer();
  const unused = async () => ({});
  server.add(ModelRuntimeDefinition, {
    loadModel: unused,
    unloadModel: unused,
    predictModelSize: unused,
    modelSize: unused,
    runtimeStatus: async () => ({ status: RuntimeStatusNumber.FAILING }),
  });
  const address = `127.0.0.1:${await server.listen('127.0.0.1:0')}`;
  onTestEnd(() => server.forceShutdown());
  assert.equal(await failure(connect(address)), `The model server at ${address} says that it is failing`);
});

test('no server in time is an error that says what each endpoint answered', async () => {
  const starting = await start({ env: { START_MS: '60000' } });
  const gone = `127.0.0.1:${await freePort()}`;
  const message = await failure(connect([gone, starting.address], { startLimitMs: 300, pollMs: 50 }));
  assert.match(message, /^No model server was ready within 0.3 s \(127.0.0.1:\d+: UNAVAILABLE: .*: it is starting\)$/);
});

test('the waiting can be given up', async () => {
  const giveUp = new AbortController();
  const connecting = connect(`127.0.0.1:${await freePort()}`, {}, giveUp.signal);
  giveUp.abort(new Error('stopping'));
  await assert.rejects(connecting);
});

test('a load returns the size and how many requests the model takes', async () => {
  const { runtime } = await joined({ MAX_CONCURRENCY: '3', LIMIT_MODEL_CONCURRENCY: 'true' });
  assert.deepEqual(await runtime.load(model('m1', 'SIZE_77_0_0'), never), { sizeBytes: 77, maxConcurrency: 3 });
  assert.equal(runtime.facts.limitModelConcurrency, true);
});

test('what a failed load left is unloaded without being asked', async () => {
  const { server, runtime } = await joined();
  assert.equal(await failure(runtime.load(model('a', 'FAIL_boom/SIZE_1_0_0'), never)), 'INTERNAL: boom');
  assert.equal(await failure(runtime.load(model('b', 'FAILCODE_UNKNOWN_odd/SIZE_1_0_0'), never)), 'odd');
  await server.untilCalls('a', ['load', 'unload']);
  await server.untilCalls('b', ['load', 'unload']);
});

test('a load that takes too long is cancelled, said so and unloaded', async () => {
  const { server, runtime } = await joined({ LOAD_TIMEOUT_MS: '300' });
  assert.equal(await failure(runtime.load(model('h', 'HANG'), never)), 'Load of model h timed out after 0.3sec');
  await server.untilCalls('h', ['load', 'cancelled', 'unload']);
});

test('a load that is no longer wanted is cancelled, then unloaded, then can be loaded again', async () => {
  const { server, runtime } = await joined();
  const loading = runtime.load(model('h', 'HANG'), never);
  loading.catch(() => undefined);
  await server.untilCalls('h', ['load']);
  const unloading = runtime.unload('h');
  assert.equal(await failure(loading), 'Load of model h was cancelled');
  const again = runtime.load(model('h', 'SIZE_5_0_0'), never);
  assert.equal(await unloading, 'unloaded');
  assert.equal((await again).sizeBytes, 5);
  await server.untilCalls('h', ['load', 'cancelled', 'unload', 'load']);
  assert.deepEqual(await server.control('GET /models'), [{ id: 'h', sizeBytes: 5 }]);
});

test('an unload that fails is tried again', async () => {
  const { server, runtime } = await joined();
  await runtime.load(model('u', 'UNLOADFAIL_2/SIZE_1_0_0'), never);
  assert.equal(await runtime.unload('u'), 'unloaded');
  await server.untilCalls('u', ['load', 'unload', 'unload', 'unload']);
  assert.deepEqual(await server.control('GET /models'), []);
});

test('sizes that the load does not return are requested, and unknown ones are no error', async () => {
  const { runtime } = await joined({ REPORT_SIZE: 'size' });
  assert.equal((await runtime.load(model('m1', 'SIZE_77_0_0'), never)).sizeBytes, 0);
  assert.equal(await runtime.size('m1'), 77);
  assert.equal(await runtime.size('m2'), undefined);
});

test('a server that predicts no sizes is not asked again, another is', async () => {
  const without = (await joined()).runtime;
  assert.equal(without.supportsSizePrediction(), true);
  assert.equal(await without.predictSize(model('m1', 'p')), undefined);
  assert.equal(without.supportsSizePrediction(), false);
  assert.equal(await without.predictSize(model('m1', 'p')), undefined);
  const other = (await joined({ PREDICT_SIZE: '123' })).runtime;
  assert.equal(await other.predictSize(model('m1', 'p')), 123);
  assert.equal(other.supportsSizePrediction(), true);
});

test('a server that dies in a load fails that load, and its successor loads', async () => {
  const { server, runtime } = await joined();
  assert.match(
    await failure(runtime.load(model('c', 'CRASH/SIZE_1_0_0'), never)),
    /^UNAVAILABLE: .* went away during the load/,
  );
  const successor = await server.restart();
  onTestEnd(() => successor.stop());
  const load = () => runtime.load(model('m', 'SIZE_5_0_0'), never);
  const loaded = await waitFor(load, { timeoutMs: 5_000, what: 'a load by the successor' });
  assert.equal(loaded.sizeBytes, 5);
});

test('the method infos arrive as paths of field numbers', async () => {
  const methods = { 'a.B/c': { idInjectionPath: [1, 2] }, 'a.B/d': {} };
  const { runtime } = await joined({ METHOD_INFOS: JSON.stringify(methods), ALLOW_ANY_METHOD: 'true' });
  assert.deepEqual(
    [...runtime.facts.methods],
    [
      ['a.B/c', [1, 2]],
      ['a.B/d', []],
    ],
  );
  assert.equal(runtime.facts.allowAnyMethod, true);
});

test('closing ends loads under way', async () => {
  const { runtime } = await joined();
  const loading = runtime.load(model('h', 'HANG'), never);
  loading.catch(() => undefined);
  await runtime.close();
  assert.equal(await failure(loading), 'Load of model h was cancelled');
});
