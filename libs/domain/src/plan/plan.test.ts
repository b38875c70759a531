import assert from 'node:assert/strict';
import { wantedOfInferenceService } from '../registration/inference-service.ts';
import type { KubeObject } from '../objects/reduce.ts';
import type { PredictorSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import {
  aMeshSnapshot,
  anInferenceService,
  aPredictorSnapshot,
  aRuntime,
  aRuntimeSnapshot,
  CONFIG,
  NOW,
  stored,
  viewed,
} from '../testing/builders.ts';
import { plan } from './plan.ts';
import type { Step } from './step.ts';

const stepsOf = (snapshot: Snapshot): readonly Step[] => plan(snapshot, NOW).steps;
const wordsOf = (snapshot: Snapshot): readonly string[] => stepsOf(snapshot).map(({ kind }) => kind);

const wanted = wantedOfInferenceService(viewed('inferenceServices', anInferenceService()).body);
assert.equal(wanted.kind, 'model');
const TARGET = wanted.registration.targetModelId;
const registered = { owner: 'isvc', active: TARGET, target: TARGET, failed: false };
const loaded = {
  conditions: [{ type: 'Ready', status: 'True' }],
  components: { predictor: { latestReadyRevision: TARGET } },
  modelStatus: { transitionStatus: 'UpToDate', states: { activeModelState: 'Loaded', targetModelState: '' } },
};

describe('the plan of a model', () => {
  const cases: readonly (readonly [string, Partial<PredictorSnapshot>, readonly string[]])[] = [
    ['registers it when the mesh knows no VModel', {}, ['setVModel']],
    [
      'moves a VModel with another target',
      { vmodel: { ...registered, target: 'digits__isvc-0000000000' } },
      ['setVModel'],
    ],
    [
      'only queries a model that is right and loaded',
      { object: isvc(loaded), vmodel: registered },
      ['getVModelStatus'],
    ],
    ['asks the mesh to load one that was never ready', { vmodel: registered }, ['setVModel']],
    ['leaves one of another owner alone', { vmodel: { ...registered, owner: 'ksp' } }, []],
    ['waits for a pod', { endpoints: [] }, []],
    ['does nothing in a namespace that is not enabled', { namespaceEnabled: false }, []],
    [
      'concludes nothing while objects are not all listed',
      { objectsComplete: false, object: undefined, vmodel: registered },
      [],
    ],
    ['concludes nothing while the mesh is not all listed', { meshComplete: false }, []],
    ['concludes nothing while namespaces are unknown', { namespaceEnabled: undefined }, []],
    [
      'removes the VModel of an object that is gone, after a live look',
      { object: undefined, vmodel: registered },
      ['requireUnwanted', 'deleteVModel'],
    ],
    [
      'removes it when the deployment mode is another',
      { object: isvc(undefined, { annotations: {} }), vmodel: registered },
      ['requireUnwanted', 'deleteVModel'],
    ],
    ['never removes a VModel of another owner', { object: undefined, vmodel: { ...registered, owner: 'ksp' } }, []],
    [
      'never removes a VModel whose target is not named as ours',
      { object: undefined, vmodel: { ...registered, target: 'by-hand' } },
      [],
    ],
    ['keeps a pending removal until a pod is there', { object: undefined, vmodel: registered, endpoints: [] }, []],
  ];
  for (const [name, more, steps] of cases) test(name, () => assert.deepEqual(wordsOf(aPredictorSnapshot(more)), steps));

  test('carries the target that was seen, so that a stale plan is refused', () => {
    const [step] = stepsOf(aPredictorSnapshot({ vmodel: { ...registered, target: 'digits__isvc-0000000000' } }));
    assert.equal(step?.kind === 'setVModel' && step.request.expectedTargetModelId, 'digits__isvc-0000000000');
  });

  test('leaves a failed load alone for five minutes, then asks again', () => {
    const status = (time: string) => ({
      modelStatus: {
        transitionStatus: 'UpToDate',
        states: { activeModelState: 'FailedToLoad', targetModelState: '' },
        lastFailureInfo: { reason: 'ModelLoadFailed', message: 'x', time },
      },
    });
    const at = (time: string): readonly string[] =>
      wordsOf(aPredictorSnapshot({ object: isvc(status(time)), vmodel: registered }));
    assert.deepEqual([at('2026-06-01T11:56:00Z'), at('2026-06-01T11:55:00Z')], [['getVModelStatus'], ['setVModel']]);
  });

  test('tries a load that failed for want of its storage again when that has come', () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'False', reason: 'StorageEntryMissing' }],
      modelStatus: {
        states: { activeModelState: 'FailedToLoad', targetModelState: '' },
        lastFailureInfo: { reason: 'ModelLoadFailed', message: 'x', time: '2026-06-01T11:59:59Z' },
      },
    };
    const object = viewed('inferenceServices', anInferenceService('a/b', status));
    const missing = { secretName: 'storage-config', secret: undefined, claims: [] };
    const steps = (more: Partial<PredictorSnapshot>) =>
      wordsOf(aPredictorSnapshot({ object, vmodel: registered, ...more }));
    assert.deepEqual([steps({ storage: missing }), steps({})], [['getVModelStatus'], ['setVModel']]);
  });

  test('does so for a Predictor too, whose status has no room for the cause', () => {
    const key = { kind: 'predictor', namespace: 'team-a', owner: 'ksp', name: 'digits' } as const;
    const lastFailureInfo = { reason: 'ModelLoadFailed', message: 'x', time: '2026-06-01T11:59:59Z' };
    const { metadata } = anInferenceService();
    const object = viewed('predictors', {
      metadata,
      spec: { modelType: { name: 'sklearn' }, path: 'a/b', storage: { s3: { secretKey: 'k' } } },
      status: { activeModelState: 'FailedToLoad', targetModelState: '', lastFailureInfo },
    });
    const snapshot = aPredictorSnapshot({ key, object });
    const first = plan(snapshot, NOW).steps[0];
    assert.ok(first?.kind === 'setVModel');
    const target = first.request.targetModelId;
    const vmodel = { owner: 'ksp', active: target, target, failed: true };
    const steps = (lackedStorage: boolean): readonly string[] =>
      wordsOf({ ...snapshot, vmodel, memory: { lackedStorage } });
    assert.deepEqual([steps(false), steps(true)], [['getVModelStatus'], ['setVModel']]);
  });

  test('of a spec that is wrong touches nothing and says which field', () => {
    const object = viewed('inferenceServices', { ...anInferenceService(), spec: { predictor: {} } });
    const { steps, obstacle } = plan(aPredictorSnapshot({ object, vmodel: registered }), NOW);
    assert.deepEqual(
      [steps, obstacle],
      [[], { reason: 'InvalidPredictorSpec', message: 'no valid InferenceService predictor framework found' }],
    );
  });
});

describe('the plan of an object of ours', () => {
  for (const snapshot of [aRuntimeSnapshot(), aMeshSnapshot()]) {
    const { kind } = snapshot.key;
    test(`creates what a ${kind} lacks, and is empty once that is there`, () => {
      const [step, ...rest] = stepsOf(snapshot);
      assert.ok(step?.kind === 'create' && rest.length === 0);
      assert.deepEqual(wordsOf(withLive(snapshot, stored(step.object))), []);
    });

    test(`restores a ${kind} that was modified externally`, () => {
      const [step] = stepsOf(snapshot);
      assert.ok(step?.kind === 'create');
      const live = stored(step.object);
      const changed = {
        ...live,
        metadata: { ...live.metadata, labels: { ...live.metadata.labels, 'modelmesh-service': 'other' } },
      };
      assert.deepEqual(wordsOf(withLive(snapshot, changed)), ['apply']);
    });
  }

  test('adopts the fields of its own creation when it first applies', () => {
    const [step] = stepsOf(aRuntimeSnapshot());
    assert.ok(step?.kind === 'create');
    const live = stored({ ...step.object, spec: { ...(step.object['spec'] as object), replicas: 9 } });
    const managedFields = [
      { manager: 'kube-controller-manager', operation: 'Update' },
      { manager: 'meshkeeper', operation: 'Update' },
    ];
    const [apply] = stepsOf(withLive(aRuntimeSnapshot(), { ...live, metadata: { ...live.metadata, managedFields } }));
    assert.deepEqual(apply?.kind === 'apply' && apply.seen, {
      resourceVersion: '9',
      adopt: { position: 1, manager: 'meshkeeper' },
    });
  });

  test('removes the Deployment of a disabled runtime, exactly the one that was seen', () => {
    const [created] = stepsOf(aRuntimeSnapshot());
    assert.ok(created?.kind === 'create');
    const runtime = { ...viewed('servingRuntimes', aRuntime({ disabled: true })), kind: 'ServingRuntime' as const };
    const steps = stepsOf({
      ...aRuntimeSnapshot({ runtime }),
      deployments: [viewed('deployments', stored(created.object))],
    });
    assert.deepEqual(steps, [
      {
        kind: 'delete',
        target: { kind: 'deployments', namespace: 'team-a', name: 'modelmesh-serving-mlserver' },
        uid: 'uid-live',
        resourceVersion: '9',
        reason: 'Deleted',
      },
    ]);
  });

  test('of a runtime without grpcEndpoint names the field', () => {
    const { grpcEndpoint: _, ...spec } = aRuntime()['spec'] as Record<string, never>;
    const runtime = { ...viewed('servingRuntimes', { ...aRuntime(), spec }), kind: 'ServingRuntime' as const };
    const { steps, obstacle } = plan(aRuntimeSnapshot({ runtime }), NOW);
    assert.deepEqual(
      [steps, obstacle],
      [
        [],
        {
          reason: 'InvalidRuntime',
          message: 'Invalid runtime Spec: spec.grpcEndpoint is required: port:N or unix:PATH',
        },
      ],
    );
  });

  test('is empty while the configuration is wrong', () => {
    const config = { kind: 'bad' as const, problems: ['metrics.port: too big'] };
    for (const snapshot of [aRuntimeSnapshot({ config }), aMeshSnapshot({ config }), aPredictorSnapshot({ config })]) {
      assert.equal(plan(snapshot, NOW).obstacle?.reason, 'InvalidConfiguration');
      assert.deepEqual(stepsOf(snapshot), []);
    }
  });

  test('changes the Service when its port does', () => {
    const [step] = stepsOf(aMeshSnapshot());
    assert.ok(step?.kind === 'create');
    const config = { kind: 'ok' as const, config: { ...CONFIG, inferenceServicePort: 9000 }, warnings: [] };
    assert.deepEqual(wordsOf(withLive(aMeshSnapshot({ config }), stored(step.object))), ['apply']);
  });
});

function isvc(status?: Parameters<typeof anInferenceService>[1], more?: object) {
  return viewed('inferenceServices', anInferenceService('a/b', status, more));
}

function withLive(snapshot: Snapshot, live: KubeObject): Snapshot {
  if ('services' in snapshot) return { ...snapshot, services: [viewed('services', live)] };
  return { ...snapshot, deployments: [viewed('deployments', live)] };
}
