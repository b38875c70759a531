import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../src/index.ts';
import { kubectlOf, startCluster, type Cluster } from './model-objects.ts';
import { assertStates, LOADED, predictor, predictorsOf } from './predictors.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await configure('podsPerRuntime: 1\nmetrics: {scheme: http}\nscaleToZero: {gracePeriodSeconds: 5}\n');
});
afterAll(() => cluster?.stop());

const { kubectl, get, apply, configure, replicasOf } = kubectlOf(() => cluster);
const { until } = predictorsOf(() => cluster);

const untilReplicas = (runtime: string, count: number, timeoutMs = 20_000): Promise<unknown> =>
  waitFor(async () => (await replicasOf(runtime)) === count, {
    timeoutMs,
    what: `${runtime} to have ${count} pods`,
    intervalMs: 50,
  });

describe('scaling to zero, with a grace period of five seconds', () => {
  test('takes the pods of runtimes without models, and brings one up for a model, through no other state', async () => {
    await apply(predictor('first', 'onnx'));
    await until('first', LOADED);
    await kubectl('delete', 'predictor', 'first');
    await untilReplicas('triton-2.x', 0);
    await apply(predictor('woken', 'onnx'));
    const seen = await until('woken', LOADED);
    assertStates(
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
