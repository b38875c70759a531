import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallError, DRIFT_KINDS, MESH_SOURCE, type ViewReader } from '@meshkeeper/domain';
import { connectRedis } from '@meshkeeper/event-log';
import { startRedis, waitFor, type RedisServer } from '@meshkeeper/sandbox';
import { createDriftMetrics, createRegistry, type Registry } from '@meshkeeper/metrics';
import { createLogger } from '@meshkeeper/process';
import type { Redis } from 'ioredis';
import { startDriftWatch } from '../src/drift-watch.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-drift-watch-'));
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis({ folder });
  redis = connectRedis({ url: server.url });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A view with one model that no VModel names. */
function aView(looks: () => void): ViewReader {
  const complete = { epoch: '1', cursor: '1', complete: true };
  return {
    states: async (sources) => {
      looks();
      return Object.fromEntries(sources.map((source) => [source, complete]));
    },
    async *objects(source) {
      if (source === MESH_SOURCE) yield { source, namespace: 'a', name: 'registry/x', revision: '1', body: {} };
    },
    busyKeys: async () => new Set(),
  };
}

function watch(prefix: string, view: ViewReader): { readonly registry: Registry; readonly stop: () => void } {
  const registry = createRegistry();
  const metrics = createDriftMetrics(registry);
  const logger = createLogger('test', 'silent');
  const { stop } = startDriftWatch({ redis, prefix, view, ownNamespace: 'own', metrics, logger, everyMs: 100 });
  return { registry, stop };
}

const valuesIn = async (registry: Registry): Promise<readonly string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith('meshkeeper_drift{'));
const EXPECTED = DRIFT_KINDS.map((kind) => `meshkeeper_drift{kind="${kind}"} ${kind === 'ModelWithoutVModel' ? 1 : 0}`);

describe('the metric of drift', () => {
  test('is looked for by one process at a time, and shown by all', async () => {
    let looks = 0;
    const processes = [1, 2, 3].map(() =>
      watch(
        '{shared}',
        aView(() => (looks += 1)),
      ),
    );
    try {
      for (const { registry } of processes)
        await waitFor(async () => (await valuesIn(registry)).length > 0, { timeoutMs: 5_000, what: 'a reading' });
      const since = performance.now();
      const before = looks;
      await waitFor(() => looks >= before + 5, { timeoutMs: 10_000, what: 'more looks' });
      assert.ok(performance.now() - since > 4 * 90, 'three processes look no more often than one');
      for (const { registry } of processes) assert.deepEqual(await valuesIn(registry), EXPECTED);
    } finally {
      for (const { stop } of processes) stop();
    }
  });

  test('shows nothing while the view cannot be read', async () => {
    let fails = false;
    const view = aView(() => {
      if (fails) throw new CallError('Transient', 'another form', { code: 'OtherForm' });
    });
    const { registry, stop } = watch('{failing}', view);
    try {
      await waitFor(async () => (await valuesIn(registry)).length > 0, { timeoutMs: 5_000, what: 'a reading' });
      fails = true;
      await waitFor(async () => (await valuesIn(registry)).length === 0, { timeoutMs: 5_000, what: 'no reading' });
    } finally {
      stop();
    }
  });
});
