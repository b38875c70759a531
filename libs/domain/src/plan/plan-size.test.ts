import assert from 'node:assert/strict';
import { NOW, stored, viewed } from '../testing/builders.ts';
import { configured, createdOf, live, planOf, replicasOf, runtime, withSpec, words } from '../testing/runtime-plans.ts';

describe('the size of a runtime', () => {
  const scaling = configured({ podsPerRuntime: 4, scaleToZero: { enabled: true, gracePeriodSeconds: 60 } });
  const none = { ...scaling, models: [] };
  const up = [live(scaling)];

  test('is its own number, or the configured one', () => {
    assert.deepEqual(
      [replicasOf(planOf(scaling)), replicasOf(planOf({ ...scaling, ...runtime({ replicas: 3 }) }))],
      [4, 3],
    );
  });

  test('without a model stays none where there are no pods and nothing is remembered', () => {
    assert.equal(replicasOf(planOf(none)), 0);
    assert.equal(replicasOf(planOf({ ...none, deployments: [live(none)] })), 'unchanged');
  });

  test('without a model is kept for the grace period, which a restart neither shortens nor forgets', () => {
    const first = planOf({ ...none, deployments: up });
    assert.deepEqual([words(first), first.lookAgainMs, first.memory.emptySince], [[], 60_000, NOW]);
    const later = { ...none, deployments: up, memory: first.memory };
    const [during, after] = [planOf(later, NOW + 40_000), planOf(later, NOW + 60_000)];
    assert.deepEqual([words(during), during.lookAgainMs, during.memory.emptySince], [[], 20_000, NOW]);
    assert.deepEqual([words(after), replicasOf(after), after.lookAgainMs], [['apply deployments'], 0, undefined]);
  });

  test('comes back with the first model, and forgets that it was empty', () => {
    const planned = planOf({ ...scaling, deployments: [live(none)], memory: { emptySince: NOW - 100_000 } });
    assert.deepEqual([replicasOf(planned), planned.memory.emptySince], [4, undefined]);
  });

  test('counts only models that it can hold', () => {
    const other = { ...scaling, models: [{ label: 'mt:onnx' }], deployments: up };
    assert.equal(planOf(other).memory.emptySince, NOW);
    const named = { ...other, models: [{ label: 'rt:mlserver' }] };
    assert.equal(planOf(named).memory.emptySince, undefined);
  });

  test('is never reduced while not all models are known', () => {
    assert.deepEqual(words(planOf({ ...none, modelsComplete: false, deployments: up, memory: { emptySince: 0 } })), []);
  });
});

describe('the autoscaler of a runtime', () => {
  const hpa = {
    'serving.kserve.io/autoscalerClass': 'hpa',
    'serving.kserve.io/min-scale': '2',
    'serving.kserve.io/max-scale': '4',
  };
  const scaled = runtime({}, hpa);

  test('is created with its Deployment, which starts at the minimum', () => {
    const planned = planOf(scaled);
    assert.deepEqual(
      [words(planned), replicasOf(planned)],
      [['create deployments', 'create horizontalPodAutoscalers'], 2],
    );
    assert.deepEqual(createdOf(planned, 'horizontalPodAutoscalers')['spec'], {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'modelmesh-serving-mlserver' },
      minReplicas: 2,
      maxReplicas: 4,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
      behavior: {},
    });
  });

  test('has the last word on the size', () => {
    const autoscalers = [
      viewed('horizontalPodAutoscalers', stored(createdOf(planOf(scaled), 'horizontalPodAutoscalers'))),
    ];
    const grown = { ...scaled, autoscalers, deployments: [live(scaled, withSpec({ replicas: 3 }))] };
    assert.deepEqual(words(planOf(grown)), []);
    assert.deepEqual(
      [words(planOf({ ...grown, models: [], memory: { emptySince: 0 } }))],
      [['apply deployments', 'delete horizontalPodAutoscalers']],
    );
  });

  test('goes when its class is taken away, and with a runtime that is disabled or no longer multi-model', () => {
    const autoscalers = [
      viewed('horizontalPodAutoscalers', stored(createdOf(planOf(scaled), 'horizontalPodAutoscalers'))),
    ];
    const deployments = [live(scaled)];
    const left = { autoscalers, deployments };
    assert.deepEqual(words(planOf({ ...left, ...runtime() })), [
      'apply deployments',
      'delete horizontalPodAutoscalers',
    ]);
    for (const gone of [
      runtime({ disabled: true }, hpa),
      runtime({ multiModel: false }, hpa),
      { ...scaled, namespaceEnabled: false },
    ])
      assert.deepEqual(words(planOf({ ...left, ...gone })), ['delete horizontalPodAutoscalers', 'delete deployments']);
  });

  test('of an unknown class is none, and its author gets a warning', () => {
    const planned = planOf(runtime({}, { 'serving.kserve.io/autoscalerClass': 'external' }));
    assert.deepEqual(
      [words(planned), planned.warnings.map(({ reason }) => reason)],
      [['create deployments'], ['InvalidAutoscaling']],
    );
  });
});
