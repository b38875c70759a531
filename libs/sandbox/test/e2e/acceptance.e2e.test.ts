import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { reduce, wantedOfInferenceService, type KubeObject } from '@meshkeeper/domain';
import { connectRedis, readHistory } from '@meshkeeper/event-log';
import { waitFor } from '../../src/index.ts';
import { inferenceService, kubectlOf, startCluster, type Cluster } from './model-objects.ts';
import { assertStates, LOADED, predictor, predictorsOf, predictorWords, type PredictorStatus } from './predictors.ts';

/** The cases by which the original was accepted, as far as they need no real inference. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

const { kubectl, get, apply } = kubectlOf(() => cluster);
const { until, statusOf } = predictorsOf(() => cluster);

describe('a Predictor', () => {
  test('shows the defaults when it is created, and reaches Loaded through no other state', async () => {
    const { status } = JSON.parse(await apply(predictor('first', 'onnx'))) as { readonly status: PredictorStatus };
    assert.equal(predictorWords(status), 'false Pending/ UpToDate -');
    assertStates(
      await until('first', LOADED),
      'false Pending/ UpToDate -',
      'true Loading/ UpToDate -',
      'false Loading/ UpToDate -',
    );
  });

  test('and another of a different type, created together, are both loaded', async () => {
    await Promise.all([apply(predictor('one', 'onnx')), apply(predictor('two', 'sklearn'))]);
    await Promise.all([until('one', LOADED), until('two', LOADED)]);
  });

  test('stays available while its new path loads', async () => {
    await apply(predictor('first', 'onnx', 'SIZE_2000_700_0'));
    const seen = await until('first', LOADED);
    assertStates(seen, LOADED, 'true Loaded/Loading InProgress -');
  });

  test('stays available when its new path cannot be loaded, and says where and when that failed', async () => {
    await apply(predictor('first', 'onnx', 'FAIL_no such file'));
    await until('first', 'true Loaded/FailedToLoad BlockedByFailedLoad ModelLoadFailed');
    const { lastFailureInfo } = await statusOf('first');
    assert.match(lastFailureInfo?.message ?? '', /no such file/);
    assert.ok(
      (lastFailureInfo?.location ?? '') !== '' && Date.now() - Date.parse(lastFailureInfo?.time ?? '') < 60_000,
    );
    await apply(predictor('first', 'onnx', 'SIZE_2000_10_0'));
    await until('first', LOADED);
  });

  test('with a bad path from the start is not available, and is once the path is fixed', async () => {
    await apply(predictor('bad', 'onnx', 'FAIL_boom'));
    await until('bad', 'false FailedToLoad/ UpToDate ModelLoadFailed');
    await apply(predictor('bad', 'onnx'));
    await until('bad', LOADED);
  });

  test('of an unknown type, or with an unknown runtime, says so, with a time and no location', async () => {
    await apply(predictor('unknown-type', 'nothing'));
    await apply(predictor('unknown-runtime', 'onnx', 'SIZE_1000_0_0', { runtime: { name: 'absent' } }));
    await until('unknown-type', 'false FailedToLoad/ UpToDate NoSupportingRuntime');
    await until('unknown-runtime', 'false FailedToLoad/ UpToDate RuntimeNotRecognized');
    for (const name of ['unknown-type', 'unknown-runtime']) {
      const { lastFailureInfo } = await statusOf(name);
      assert.deepEqual([lastFailureInfo?.location, typeof lastFailureInfo?.time], [undefined, 'string']);
    }
  });

  test('may change its type in place', async () => {
    await apply(predictor('two', 'onnx'));
    await waitFor(async () => predictorWords(await statusOf('two')) !== LOADED, {
      timeoutMs: 10_000,
      what: 'the change',
      intervalMs: 20,
    }).catch(() => undefined);
    await until('two', LOADED);
  });

  test('that is invalid says so, and leaves its model as it was', async () => {
    const { spec, ...rest } = predictor('one', 'onnx') as { readonly spec: object };
    await apply({ ...rest, spec: { ...spec, path: 'twice' } });
    await waitFor(async () => (await statusOf('one')).transitionStatus === 'InvalidSpec', {
      timeoutMs: 10_000,
      what: 'InvalidSpec',
    });
    const { lastFailureInfo, activeModelState } = await statusOf('one');
    assert.deepEqual(
      [activeModelState, lastFailureInfo?.reason, lastFailureInfo?.message],
      ['Loaded', 'InvalidPredictorSpec', 'Only one of spec.path and spec.storage.path can be specified'],
    );
    await apply({ ...rest, spec: { ...spec, path: null } });
    await until('one', LOADED);
  });
});

type Conditions = {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};
const conditionsOf = async (name: string): Promise<readonly string[]> =>
  ((await get<Conditions>('isvc', name)).status?.conditions ?? []).map(({ type, status }) => `${type} ${status}`);

describe('an InferenceService', () => {
  const isvc = (path: string): object => inferenceService('edited', path);
  const untilConditions = (...wanted: readonly string[]): Promise<unknown> =>
    waitFor(async () => (await conditionsOf('edited')).join() === wanted.join(), {
      timeoutMs: 20_000,
      what: `edited to show ${wanted.join()}`,
      intervalMs: 30,
    });
  const READY = ['PredictorReady True', 'Ready True'];
  const writes = async (): Promise<readonly { readonly at: number; readonly write: string }[]> => {
    const redis = connectRedis({ url: cluster.sandbox.redisUrl });
    const history = await readHistory(redis, '{meshkeeper}', 'predictor/modelmesh-serving/isvc/edited');
    redis.disconnect();
    return history.flatMap(({ id, effect }) =>
      effect === ''
        ? []
        : [{ at: Number(id.split('-')[0]), write: (JSON.parse(effect) as { readonly write: string }).write }],
    );
  };

  test('that is edited thirty times in a row ends at the last edit, with two registrations at most after it', async () => {
    await apply(isvc('SIZE_1000_50_0/0'));
    await untilConditions(...READY);
    const patch = (i: number): string =>
      JSON.stringify({ spec: { predictor: { model: { storage: { path: `SIZE_1000_50_0/${i}` } } } } });
    for (let i = 1; i <= 30; i += 1) await kubectl('patch', 'isvc', 'edited', '--type=merge', '-p', patch(i));
    const lastEdit = Date.now();
    const wanted = wantedOfInferenceService(reduce('inferenceServices', await get<KubeObject>('isvc', 'edited')));
    assert.ok(wanted.kind === 'model');
    const { targetModelId } = wanted.registration;
    type Revision = {
      readonly status?: { readonly components?: { readonly predictor?: { readonly latestReadyRevision?: string } } };
    };
    await waitFor(
      async () =>
        (await get<Revision>('isvc', 'edited')).status?.components?.predictor?.latestReadyRevision === targetModelId,
      { timeoutMs: 20_000, what: 'the last edit to be ready' },
    );
    const after = (await writes()).filter(({ at, write }) => at > lastEdit && write.startsWith('setVModel'));
    assert.ok(after.length <= 2, after.map(({ write }) => write).join());
    assert.equal(
      (await writes()).find(({ write }) => write.startsWith('setVModel'))?.write,
      `setVModel edited to ${targetModelId}`,
    );
  });

  test('that is paused is left as it is, and continues where it was when it is not', async () => {
    await kubectl('annotate', 'isvc', 'edited', 'meshkeeper.dev/paused=true');
    await untilConditions('Paused True', ...READY);
    const before = (await writes()).length;
    await apply(isvc('SIZE_1000_50_0/paused'));
    await delay(1_500);
    assert.equal((await writes()).length, before);
    await kubectl('annotate', 'isvc', 'edited', 'meshkeeper.dev/paused-');
    await untilConditions(...READY);
    await waitFor(async () => (await writes()).some(({ write }, i) => i < 5 && write.startsWith('setVModel')), {
      timeoutMs: 10_000,
      what: 'the change to be registered',
    });
    await kubectl('delete', 'isvc', 'edited');
  });
});

describe('two objects of one name', () => {
  test('are distinguished: the second waits, says why, and takes over by itself once the first is gone', async () => {
    await apply(predictor('twin', 'onnx'));
    await until('twin', LOADED);
    await apply(inferenceService('twin', 'SIZE_1000_50_0'));
    type Twin = {
      readonly status?: {
        readonly modelStatus?: { readonly lastFailureInfo?: { readonly reason: string; readonly message: string } };
      };
    };
    const failure = await waitFor(async () => (await get<Twin>('isvc', 'twin')).status?.modelStatus?.lastFailureInfo, {
      timeoutMs: 10_000,
      what: 'the second to say why',
    });
    assert.deepEqual(
      [failure.reason, failure.message],
      ['InvalidPredictorSpec', 'Predictor already exists with the same name from a different source'],
    );
    await kubectl('delete', 'predictor', 'twin');
    await waitFor(async () => (await conditionsOf('twin')).includes('Ready True'), {
      timeoutMs: 20_000,
      what: 'the second to take over',
    });
    await kubectl('delete', 'isvc', 'twin');
  });
});

describe('a runtime for one model', () => {
  test('is left alone, and serves no model here', async () => {
    await apply({
      apiVersion: 'serving.kserve.io/v1alpha1',
      kind: 'ServingRuntime',
      metadata: { name: 'ordinary', namespace: 'modelmesh-serving' },
      spec: {
        supportedModelFormats: [{ name: 'special', autoSelect: true }],
        containers: [{ name: 'kserve-container', image: 'a/b:1', ports: [{ containerPort: 8080 }] }],
      },
    });
    await apply(predictor('special', 'special'));
    await until('special', 'false FailedToLoad/ UpToDate NoSupportingRuntime');
    assert.doesNotMatch(await kubectl('get', 'deployments', '-o', 'name'), /ordinary/);
  });
});
