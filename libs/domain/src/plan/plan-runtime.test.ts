import assert from 'node:assert/strict';
import { DEFAULT_CONFIG, type MeshConfig } from '../config/mesh-config.ts';
import type { JsonObject, KubeObject } from '../objects/reduce.ts';
import { REVISION_ANNOTATION, TEMPLATE_HASH_ANNOTATION } from '../render/deployment.ts';
import type { RuntimeSnapshot, Viewed } from '../snapshot/snapshot.ts';
import { aRuntime, aRuntimeSnapshot, CONFIG, NOW, stored, viewed } from '../testing/builders.ts';
import { plan } from './plan.ts';
import type { Plan, Step } from './step.ts';

const NAME = 'modelmesh-serving-mlserver';
const configured = (more: Partial<MeshConfig>) => ({
  config: { kind: 'ok' as const, config: { ...CONFIG, ...more }, warnings: [] },
});
const planOf = (more: Partial<RuntimeSnapshot> = {}, now = NOW): Plan => plan(aRuntimeSnapshot(more), now);
const words = ({ steps }: Plan): readonly string[] =>
  steps.map((step) => ('target' in step ? `${step.kind} ${step.target.kind}` : step.kind));

function runtime(
  spec: JsonObject = {},
  annotations: Readonly<Record<string, string>> = {},
): Pick<RuntimeSnapshot, 'runtime'> {
  const object = aRuntime(spec);
  const annotated = { ...object, metadata: { ...object.metadata, annotations } };
  return { runtime: { ...viewed('servingRuntimes', annotated), kind: 'ServingRuntime' } };
}

function createdOf(plan: Plan, kind = 'deployments'): KubeObject {
  const step = plan.steps.find((candidate) => candidate.kind === 'create' && candidate.target.kind === kind);
  assert.ok(step?.kind === 'create', `no ${kind} is created`);
  return step.object;
}

/** What the server keeps of what a plan creates, changed by `edit`. */
function live(
  more: Partial<RuntimeSnapshot> = {},
  edit: (object: KubeObject) => KubeObject = (object) => object,
): Viewed {
  return viewed('deployments', stored(edit(createdOf(planOf(more)))));
}

const withSpec =
  (spec: JsonObject) =>
  (object: KubeObject): KubeObject => ({
    ...object,
    spec: { ...(object['spec'] as JsonObject), ...spec },
  });
const replicasOf = (planned: Plan): unknown => {
  const step = planned.steps.find(({ kind }) => kind === 'create' || kind === 'apply') as Extract<
    Step,
    { kind: 'create' }
  >;
  return step === undefined ? 'unchanged' : (step.object['spec'] as JsonObject)['replicas'];
};

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
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: NAME },
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

describe('the revision of a Deployment', () => {
  const annotationsOf = ({ steps }: Plan): unknown => {
    const [step] = steps;
    return step !== undefined && 'object' in step
      ? step.object.metadata.annotations?.[REVISION_ANNOTATION]
      : 'unchanged';
  };
  const pinned = (renderingRevision: number) => configured({ renderingRevision });
  /** As the original controller made it: at revision 0, without our annotations, under its own name. */
  const original = viewed('deployments', {
    ...stored(createdOf(planOf(pinned(0)))),
    metadata: {
      ...stored(createdOf(planOf(pinned(0)))).metadata,
      annotations: { manifestival: 'new' },
      managedFields: [{ manager: 'manager', operation: 'Update' }],
    },
  });

  test('is the newest for a new one', () => assert.equal(annotationsOf(planOf()), '2'));

  test('is what the configuration or the runtime pins', () => {
    assert.equal(annotationsOf(planOf(pinned(0))), '0');
    assert.equal(annotationsOf(planOf({ ...pinned(1), ...runtime({}, { [REVISION_ANNOTATION]: '0' }) })), '0');
  });

  test('of the original controller’s is the one that equals it: it is taken over once, and no pod restarts (ms#486)', () => {
    const planned = planOf({ deployments: [original] });
    const [step] = planned.steps;
    assert.ok(step?.kind === 'apply');
    assert.deepEqual(
      [step.seen.adopt, annotationsOf(planned), step.difference],
      [{ position: 0, manager: 'manager' }, '0', `metadata.annotations.${REVISION_ANNOTATION}`],
    );
    const { template } = step.object['spec'] as { readonly template: unknown };
    assert.deepEqual(
      JSON.parse(JSON.stringify(template)),
      (createdOf(planOf(pinned(0)))['spec'] as JsonObject)['template'],
    );
  });

  test('stays while the same is wanted, and a difference is put back at it (ms#486)', () => {
    const marked = live(pinned(0));
    assert.deepEqual(words(planOf({ deployments: [marked] })), []);
    const drifted = live(pinned(0), (object) => {
      const spec = object['spec'] as { readonly template: { readonly spec: JsonObject } };
      const template = { ...spec.template, spec: { ...spec.template.spec, terminationGracePeriodSeconds: 5 } };
      return { ...object, spec: { ...spec, template } };
    });
    const planned = planOf({ deployments: [drifted] });
    const [step] = planned.steps;
    assert.deepEqual(
      [annotationsOf(planned), step?.kind === 'apply' && step.difference],
      ['0', 'spec.template.spec.terminationGracePeriodSeconds'],
    );
  });

  test('moves to the newest once the pods change anyway', () => {
    const marked = live(pinned(0));
    assert.equal(annotationsOf(planOf({ deployments: [marked], ...configured({ enableAccessLogging: true }) })), '2');
  });

  test('that is unknown is reported', () => {
    const { obstacle } = planOf(runtime({}, { [REVISION_ANNOTATION]: '7' }));
    assert.deepEqual(obstacle, {
      reason: 'InvalidRuntime',
      message: `Invalid runtime Spec: annotation ${REVISION_ANNOTATION}: 7 is no rendering revision; give 0 to 2`,
    });
  });

  test('has a hash that says what was wanted', () => {
    const hash = (more: Partial<RuntimeSnapshot> = {}) =>
      createdOf(planOf(more)).metadata.annotations?.[TEMPLATE_HASH_ANNOTATION];
    assert.equal(hash(), hash(configured({ podsPerRuntime: 9 })));
    assert.notEqual(hash(), hash(configured({ enableAccessLogging: true })));
  });
});

describe('the claims of a runtime', () => {
  const mounted = (more: Partial<RuntimeSnapshot>): readonly string[] => {
    const { template } = createdOf(planOf(more))['spec'] as {
      readonly template: { readonly spec: { readonly volumes: readonly JsonObject[] } };
    };
    return template.spec.volumes
      .filter((volume) => 'persistentVolumeClaim' in volume)
      .map(({ name }) => name as string);
  };
  const models = [
    { label: 'mt:sklearn', claim: 'there' },
    { label: 'mt:sklearn', claim: 'missing' },
    { label: 'mt:onnx', claim: 'foreign' },
  ];
  const all = { models, existingClaims: ['foreign', 'there'], storageClaims: ['zebra', 'named'] };

  test('are those of the storage Secret, sorted', () => assert.deepEqual(mounted(all), ['named', 'zebra']));

  test('with allowAnyPVC also those of its models, and never one that does not exist (ms#337)', () => {
    assert.deepEqual(mounted({ ...all, ...configured({ allowAnyPVC: true }) }), ['named', 'there', 'zebra']);
  });
});

describe('a runtime that cannot be served', () => {
  const tls = configured({ tls: { secretName: 'mesh-tls', clientAuth: '' } });

  test('changes nothing, and its author is shown what is wrong', () => {
    const { grpcEndpoint: _, ...spec } = aRuntime()['spec'] as Record<string, never>;
    const broken = {
      runtime: { ...viewed('servingRuntimes', { ...aRuntime(), spec }), kind: 'ServingRuntime' as const },
    };
    const planned = planOf({ ...broken, deployments: [live()] });
    assert.deepEqual([planned.steps, planned.obstacle?.reason], [[], 'InvalidRuntime']);
  });

  test('because its TLS Secret is missing is looked at again', () => {
    const planned = planOf({ ...tls, live: { tlsSecret: 'missing' } });
    assert.deepEqual([planned.steps, planned.obstacle?.reason, planned.lookAgainMs], [[], 'TlsSecretMissing', 10_000]);
  });

  test('because its product configuration is missing is looked at again', () => {
    const planned = planOf({ ...runtime({}, { productConfig: 'p' }), live: { productConfig: false } });
    assert.deepEqual(
      [planned.steps, planned.obstacle?.reason, planned.lookAgainMs],
      [[], 'ProductConfigMissing', 10_000],
    );
  });

  test('because it is for one model is none of our business, whatever it holds', () => {
    const ordinary = runtime({ multiModel: false, containers: [{ name: 'mm', ports: [{ containerPort: 8080 }] }] });
    assert.deepEqual([planOf(ordinary).steps, planOf(ordinary).obstacle], [[], undefined]);
  });

  test('leaves the Deployment of a former Service name until the new one is there', () => {
    const former = live();
    const renamed = { ...configured({ inferenceServiceName: 'mesh' }), deployments: [former] };
    assert.deepEqual(words(planOf(renamed)), ['create deployments', 'delete deployments']);
  });
});

test('a default configuration renders', () => {
  assert.equal(replicasOf(planOf({ config: { kind: 'ok', config: DEFAULT_CONFIG, warnings: [] } })), 2);
});
