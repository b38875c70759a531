import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { reduce, wantedOfInferenceService, type KubeObject } from '@meshkeeper/domain';
import { connectRedis, readHistory } from '@meshkeeper/event-log';
import { waitFor } from '../../src/index.ts';
import { inferenceService, kubectlOf, startCluster, type Cluster } from './model-objects.ts';

/** The cases by which the original was accepted, as far as they need no real inference. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

const OWN = 'modelmesh-serving';
const { kubectl, get, apply, configure, replicasOf } = kubectlOf(() => cluster);

function predictor(name: string, type: string, path = 'SIZE_1000_200_0', more: object = {}): object {
  const storage = { key: 'k', path };
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'Predictor',
    metadata: { name, namespace: OWN },
    spec: { modelType: { name: type }, storage, ...more },
  };
}

type Status = {
  readonly available: boolean;
  readonly activeModelState: string;
  readonly targetModelState: string;
  readonly transitionStatus: string;
  readonly lastFailureInfo?: {
    readonly reason: string;
    readonly message?: string;
    readonly location?: string;
    readonly time?: string;
  };
};
const statusOf = async (name: string): Promise<Status> =>
  (await get<{ readonly status: Status }>('predictor', name)).status;
const words = ({ available, activeModelState, targetModelState, transitionStatus, lastFailureInfo }: Status): string =>
  [available, `${activeModelState}/${targetModelState}`, transitionStatus, lastFailureInfo?.reason ?? '-'].join(' ');

/** Asks until the status says it, and gives every other that was seen on the way. */
async function until(name: string, wanted: string, timeoutMs = 40_000): Promise<readonly string[]> {
  const seen: string[] = [];
  await waitFor(
    async () => {
      const now = words(await statusOf(name));
      if (seen.at(-1) !== now) seen.push(now);
      return now === wanted;
    },
    { timeoutMs, what: `${name} to show "${wanted}"`, intervalMs: 30 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; seen: ${seen.join(', ')}`, { cause: error });
  });
  return seen.slice(0, -1);
}

const LOADED = 'true Loaded/ UpToDate -';
const allowed = (seen: readonly string[], ...states: readonly string[]): void =>
  assert.deepEqual(
    seen.filter((state) => !states.includes(state)),
    [],
  );

describe('a Predictor', () => {
  test('shows the defaults when it is created, and reaches Loaded through no other state', async () => {
    const { status } = JSON.parse(await apply(predictor('first', 'onnx'))) as { readonly status: Status };
    assert.equal(words(status), 'false Pending/ UpToDate -');
    allowed(
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
    allowed(seen, LOADED, 'true Loaded/Loading InProgress -');
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
    await waitFor(async () => words(await statusOf('two')) !== LOADED, {
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
      metadata: { name: 'ordinary', namespace: OWN },
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

const untilReplicas = (runtime: string, count: number, timeoutMs = 20_000): Promise<unknown> =>
  waitFor(async () => (await replicasOf(runtime)) === count, {
    timeoutMs,
    what: `${runtime} to have ${count} pods`,
    intervalMs: 50,
  });

describe('scaling to zero, with a grace period of five seconds', () => {
  test('takes the pods of runtimes without models, and brings one up for a model, through no other state', async () => {
    await kubectl('delete', 'predictors', '--all');
    await configure('podsPerRuntime: 1\nmetrics: {scheme: http}\nscaleToZero: {gracePeriodSeconds: 5}\n');
    await untilReplicas('triton-2.x', 0);
    await apply(predictor('woken', 'onnx'));
    const seen = await until('woken', LOADED);
    allowed(
      seen.map((state) => state.replace(/^(true|false) /, '')),
      'Pending/ UpToDate -',
      'Pending/ UpToDate RuntimeUnhealthy',
      'Loading/ UpToDate RuntimeUnhealthy',
      'Loading/ UpToDate -',
      'FailedToLoad/ UpToDate NoSupportingRuntime',
    );
    await delay(6_000);
    assert.equal(await replicasOf('triton-2.x'), 1, 'it stays up past the grace period');
  });

  test('waits for the grace period, also when every reconciler is killed in it', async () => {
    await kubectl('delete', 'predictor', 'woken');
    const deleted = Date.now();
    for (const { name, pid } of cluster.sandbox.processes())
      if (name.startsWith('reconciler') && pid !== undefined) process.kill(pid, 'SIGKILL');
    await delay(1_000);
    assert.equal(await replicasOf('triton-2.x'), 1);
    await untilReplicas('triton-2.x', 0);
    const seconds = (Date.now() - deleted) / 1_000;
    assert.ok(seconds >= 4.9 && seconds < 16, `after ${seconds} s`);
  });

  test('never comes to it when the model is created again within the grace period', async () => {
    await apply(predictor('back', 'onnx'));
    await until('back', LOADED);
    await kubectl('delete', 'predictor', 'back');
    await delay(1_000);
    await apply(predictor('back', 'onnx'));
    for (let i = 0; i < 70; i += 1) {
      assert.equal(await replicasOf('triton-2.x'), 1);
      await delay(100);
    }
    await kubectl('delete', 'predictor', 'back');
  });
});

describe('the autoscaler class', () => {
  type Autoscaler = {
    readonly spec: {
      readonly minReplicas: number;
      readonly maxReplicas: number;
      readonly metrics: readonly {
        readonly resource: { readonly name: string; readonly target: { readonly averageUtilization: number } };
      }[];
    };
  };
  const annotate = (...annotations: readonly string[]): Promise<string> =>
    kubectl(
      'annotate',
      '--overwrite',
      'clusterservingruntime',
      'triton-2.x',
      ...annotations.map((text) => `serving.kserve.io/${text}`),
    );
  const autoscaler = async (): Promise<string> => {
    const { items } = await get<{ readonly items: readonly Autoscaler[] }>('hpa');
    return items
      .map(({ spec: { minReplicas, maxReplicas, metrics } }) => {
        const resource = metrics[0]?.resource;
        return `${minReplicas}/${maxReplicas} ${resource?.name} ${resource?.target.averageUtilization}`;
      })
      .join();
  };
  const untilAutoscaler = (text: string): Promise<unknown> =>
    waitFor(async () => (await autoscaler()) === text, {
      timeoutMs: 15_000,
      what: `the autoscaler to be "${text}"`,
      intervalMs: 50,
    });

  test('makes no autoscaler without models, one with the first, and follows its annotations', async () => {
    await untilReplicas('triton-2.x', 0);
    await annotate('autoscalerClass=hpa');
    assert.equal(await autoscaler(), '');
    await apply(predictor('scaled', 'onnx'));
    await untilAutoscaler('1/1 cpu 80');
    await untilReplicas('triton-2.x', 1);
    await annotate('min-scale=2', 'max-scale=4', 'targetUtilizationPercentage=90', 'metrics=memory');
    await untilAutoscaler('2/4 memory 90');
    await untilReplicas('triton-2.x', 2, 60_000);
    await annotate('min-scale-', 'max-scale-', 'targetUtilizationPercentage-', 'metrics-');
    await untilAutoscaler('1/1 cpu 80');
    await untilReplicas('triton-2.x', 1, 60_000);
    await annotate('autoscalerClass-');
    await untilAutoscaler('');
    assert.equal(await replicasOf('triton-2.x'), 1);
    await annotate('autoscalerClass=hpa');
    await untilAutoscaler('1/1 cpu 80');
    await kubectl('delete', 'predictor', 'scaled');
    await untilReplicas('triton-2.x', 0);
    await untilAutoscaler('');
  });
});
