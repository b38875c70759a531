import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FORM, toChange, toRecordChange, type Change, type KindName, type KubeObject } from '@meshkeeper/domain';
import { connectRedis, initialiseLog, Recorder } from '@meshkeeper/event-log';
import { startRedis, type RedisServer } from '@meshkeeper/sandbox';
import type { Redis } from 'ioredis';
import { meshkeeper, type Ran } from './bench.ts';

const PREFIX = '{meshkeeper}';
const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-drift-'));
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis({ folder });
  redis = connectRedis({ url: server.url });
  await initialiseLog(redis, PREFIX);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Records a list as a watcher does. */
async function list(source: string, changes: readonly Change[]): Promise<void> {
  const recorder = new Recorder({ redis, prefix: PREFIX, queue: 'reconcile', form: FORM, lockDurationMs: 10 });
  const opened = await recorder.openSource(source, { identity: 's', head: '1' }, await recorder.sourceState(source));
  assert.equal(opened.status, 'ok');
  const { epoch } = await recorder.sourceState(source);
  const position = { id: crypto.randomUUID(), pages: 0, revision: '9' };
  await recorder.recordPage(source, epoch, position, changes);
  assert.equal(await recorder.finishList(source, epoch, { ...position, pages: 1 }), 'ok');
}

const objects = (kind: KindName, ...all: readonly KubeObject[]): readonly Change[] =>
  all.map((each) => toChange(kind, each, { ownNamespace: 'modelmesh-serving' }));
const record = (table: 'vmodels' | 'registry', id: string, value: object): Change =>
  toRecordChange({ namespace: 'modelmesh-serving', table, id, value: JSON.stringify(value), revision: '5' });

/** As if all this had happened a while ago, and every key had run since. */
async function settle(): Promise<void> {
  const histories = await redis.keys(`${PREFIX}:history:*`);
  await redis.del(`${PREFIX}:due`, ...histories);
}

const inferenceService: KubeObject = {
  metadata: {
    name: 'digits',
    namespace: 'modelmesh-serving',
    resourceVersion: '4',
    annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
  },
  spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://bucket/digits' } } },
};
const drift = (...args: readonly string[]): Promise<Ran> => meshkeeper(['drift', '--redis', server.url, ...args]);

describe('meshkeeper drift', () => {
  test('concludes nothing of what no watcher has listed, and says so', async () => {
    const ran = await drift();
    assert.deepEqual([ran.code, ran.out], [0, 'Nothing disagrees.\n']);
    assert.match(ran.err, /^note: source mesh is not listed whole: nothing is concluded from what is missing there$/m);
  });

  test('shows what disagrees once it is not being worked at', async () => {
    await list('namespaces', objects('namespaces', { metadata: { name: 'modelmesh-serving', resourceVersion: '3' } }));
    await list('inferenceservices', objects('inferenceServices', inferenceService));
    await list('predictors', []);
    await list('deployments', []);
    const left = { o: 'isvc', amid: 'left__isvc-0123456789', tmid: 'left__isvc-0123456789' };
    await list('mesh', [
      record('vmodels', 'left', left),
      record('registry', 'left__isvc-0123456789', { type: 'mt:x' }),
    ]);
    assert.deepEqual(await drift('-o', 'json'), { code: 0, out: '', err: '' });

    await settle();
    const ran = await drift('--output', 'json');
    const lines = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    assert.deepEqual([ran.code, ran.err], [2, '']);
    assert.deepEqual(
      lines.map(({ kind, namespace, name }) => ({ kind, namespace, name })),
      [
        { kind: 'ObjectWithoutVModel', namespace: 'modelmesh-serving', name: 'digits' },
        { kind: 'VModelWithoutObject', namespace: 'modelmesh-serving', name: 'left' },
      ],
    );
    const { out } = await drift();
    assert.match(
      out,
      /^ObjectWithoutVModel modelmesh-serving\/digits\n {2}InferenceService digits should be registered/,
    );
  });

  test('asks about one namespace alone', async () => {
    const ran = await drift('-n', 'other');
    assert.deepEqual([ran.code, ran.out], [0, 'Nothing disagrees.\n']);
  });

  test('answers a Redis that it cannot use with one line', async () => {
    const away = await meshkeeper(['drift', '--redis', 'redis://127.0.0.1:1']);
    assert.deepEqual([away.code, away.out], [1, '']);
    assert.match(away.err, /^error: Redis does not answer \(.*\)\n$/);
    const wrong = await meshkeeper(['drift', '--redis', 'elsewhere']);
    assert.equal(wrong.err, 'error: REDIS_URL: must start with redis:// or rediss://\n');
    assert.match((await meshkeeper(['drift', '--help'])).out, /^Usage: meshkeeper drift/);
  });
});
