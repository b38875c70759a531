import assert from 'node:assert/strict';
import { DEFAULT_CONFIG } from '../config/mesh-config.ts';
import type { JsonObject } from '../objects/reduce.ts';
import { REVISION_ANNOTATION, TEMPLATE_HASH_ANNOTATION } from '../render/deployment.ts';
import type { RuntimeSnapshot } from '../snapshot/snapshot.ts';
import { aRuntime, stored, viewed } from '../testing/builders.ts';
import type { Plan } from './step.ts';
import { configured, createdOf, live, planOf, replicasOf, runtime, words } from '../testing/runtime-plans.ts';

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
