import assert from 'node:assert/strict';
import type { JsonObject } from '../objects/reduce.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { anInferenceService, aPredictorSnapshot, aStorageSecret, CONFIG, NOW, viewed } from '../testing/builders.ts';
import { aSeenRuntime, NOTHING_SEEN, targetOf } from '../testing/gate-builders.ts';
import { firstOpen, gatesOf } from './gates-of.ts';
import type { SeenModel } from './seen-model.ts';

const runtimes = [aSeenRuntime('mlserver')];
const aModel = (model: JsonObject) => ({
  ...anInferenceService(),
  spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storage: { key: 'k', path: 'm' }, ...model } } },
});
const gates = (more: Partial<PredictorSnapshot>, seen: Partial<SeenModel> = {}) =>
  gatesOf(aPredictorSnapshot({ runtimes, ...more }), { ...NOTHING_SEEN, ...seen });
const opened = (more: Partial<PredictorSnapshot>, seen: Partial<SeenModel> = {}): string => {
  const gate = firstOpen(gates(more, seen));
  return gate === undefined ? 'none' : `${gate.name} ${gate.reason}: ${gate.message}`;
};
const withModel = (model: JsonObject) => ({ object: viewed('inferenceServices', aModel(model)) });
const onClaim = (claim: string) => withModel({ storage: { path: 'm', parameters: { type: 'pvc', name: claim } } });
const storage = (entries: Parameters<typeof aStorageSecret>[0], claims: readonly string[] = []) => ({
  storage: { secretName: 'storage-config', secret: aStorageSecret(entries), claims },
});

const target = targetOf(aPredictorSnapshot());
const registered = { vmodel: { owner: 'isvc', active: target, target, failed: false } };
const copy = (state: 'held' | 'loaded' | 'failed', message = '') => ({
  copies: { [target]: [{ instance: '87f6fc-6rwf9', state, since: NOW, message }] },
});

describe('the first open gate', () => {
  const cases: readonly (readonly [string, Partial<PredictorSnapshot>, string, Partial<SeenModel>?])[] = [
    [
      'there is no object',
      { object: undefined },
      'object NoSuchObject: There is no InferenceService digits in namespace team-a',
    ],
    [
      'it is left to others',
      { object: viewed('inferenceServices', { ...aModel({}), metadata: { name: 'digits' } }) },
      'object NotForModelMesh: Its annotation serving.kserve.io/deploymentMode is not ModelMesh, so that it is left to others',
    ],
    [
      'the namespace is not enabled',
      { namespaceEnabled: false },
      'namespace NamespaceNotEnabled: Namespace team-a carries no label modelmesh-enabled=true',
    ],
    ['no runtime', { runtimes: [] }, 'runtime NoSupportingRuntime: No runtime serves sklearn'],
    [
      'no runtime of that version',
      withModel({ modelFormat: { name: 'sklearn', version: '2' } }),
      'runtime NoSupportingRuntime: No runtime serves sklearn version 2; mlserver: supports sklearn 1, but version 2 was requested',
    ],
    [
      'the named runtime is disabled',
      { ...withModel({ runtime: 'mlserver' }), runtimes: [aSeenRuntime('mlserver', { disabled: true })] },
      'runtime RuntimeNotRecognized: No runtime mlserver serves models here; mlserver: disabled: spec.disabled is true',
    ],
    [
      'the Secret lacks the entry',
      storage({ other: { type: 's3' } }),
      'storage StorageEntryMissing: Secret storage-config in namespace team-a has no entry k',
    ],
    [
      'there is no claim',
      { ...onClaim('data'), ...storage({}) },
      'storage ClaimMissing: There is no PersistentVolumeClaim data in namespace team-a',
    ],
    [
      'an entry names a claim that is not there',
      storage({ k: { type: 'pvc', claim: 'data' } }, ['other']),
      'storage ClaimMissing: There is no PersistentVolumeClaim data in namespace team-a',
    ],
    [
      'no runtime mounts the claim',
      {
        ...onClaim('data'),
        ...storage({}, ['data']),
        config: { kind: 'ok', config: { ...CONFIG, allowAnyPVC: false }, warnings: [] },
      },
      'storage ClaimNotMounted: No pod mounts PersistentVolumeClaim data: no entry of Secret storage-config names it, and allowAnyPVC is not set',
    ],
    ['no pod', { hasNoReadyRuntime: true }, 'pods RuntimeUnhealthy: Waiting for the first ready pod of mlserver'],
    [
      'no pod of the mesh',
      { endpoints: [] },
      'pods RuntimeUnhealthy: No pod of the mesh takes calls in namespace team-a yet',
    ],
    ['not registered', {}, 'registered NotRegistered: The mesh has no VModel digits yet'],
    [
      'another owner',
      { vmodel: { owner: 'ksp', active: '', target, failed: false } },
      'registered OwnerConflict: Predictor already exists with the same name from a different source',
    ],
    ['no pod loads it', registered, 'loading ModelNotLoaded: It is registered, and no pod has begun to load it'],
    [
      'it loads',
      { ...registered, ...copy('held') },
      'loaded ModelLoading: Loading on pod …87f6fc-6rwf9, held since 2026-06-01T12:00:00.000Z',
      { activeState: 'Loading' },
    ],
    [
      'it failed',
      { ...registered, ...copy('failed', 'INTERNAL: boom') },
      'loaded ModelLoadFailed: INTERNAL: boom',
      { activeState: 'FailedToLoad', failureReason: 'ModelLoadFailed' },
    ],
    ['it is loaded', { ...registered, ...copy('loaded') }, 'none', { activeState: 'Loaded', ready: true }],
    ['it was evicted', registered, 'none', { activeState: 'Standby', ready: true, readyModelId: target }],
    [
      'a loaded one needs its storage no more',
      { ...registered, ...copy('held'), ...storage({}) },
      'none',
      { activeState: 'Loaded', ready: true },
    ],
    [
      'the new model of a switch counts, not the old one',
      { vmodel: { ...registered.vmodel, active: 'digits__isvc-0000000000' }, ...copy('held') },
      'loaded ModelLoading: Loading on pod …87f6fc-6rwf9, held since 2026-06-01T12:00:00.000Z',
      { activeState: 'Loaded', targetState: 'Loading', ready: true, readyModelId: 'digits__isvc-0000000000' },
    ],
  ];
  for (const [name, more, expected, seen] of cases) test(name, () => assert.equal(opened(more, seen), expected));
});

test('what is not listed yet is unknown, and closes nothing', () => {
  const unknown = {
    object: undefined,
    objectsComplete: false,
    namespaceEnabled: undefined,
    storage: undefined,
    podsKnown: false,
    meshComplete: false,
  };
  assert.equal(opened(unknown), 'none');
  assert.deepEqual(new Set(gates(unknown).map(({ state }) => state)), new Set(['unknown']));
});

test('behind the first open gate nothing is judged', () => {
  const states = gates({ runtimes: [], hasNoReadyRuntime: true }).map(({ state }) => state);
  assert.deepEqual(states, ['passed', 'passed', 'open', 'waiting', 'waiting', 'waiting', 'waiting', 'waiting']);
});

describe('why each other runtime does not serve a model', () => {
  const model = { modelFormat: { name: 'onnx', version: '1' }, protocolVersion: 'v2' };
  const onnx = (more: JsonObject = {}, name = 'r') =>
    aSeenRuntime(name, { supportedModelFormats: [{ name: 'onnx', version: '1', autoSelect: true, ...more }] });
  const cases: readonly (readonly [string, NonNullable<PredictorSnapshot['runtimes']>, string])[] = [
    [
      'multiModel off',
      [aSeenRuntime('r', { multiModel: false })],
      'not a multi-model runtime: spec.multiModel is not true',
    ],
    ['disabled', [aSeenRuntime('r', { disabled: true })], 'disabled: spec.disabled is true'],
    ['format', [aSeenRuntime('r')], 'supports sklearn, but onnx was requested'],
    ['no format', [aSeenRuntime('r', { supportedModelFormats: [] })], 'supports no format, but onnx was requested'],
    ['version', [onnx({ version: '7' })], 'supports onnx 7, but version 1 was requested'],
    [
      'not autoSelect',
      [onnx({ autoSelect: false })],
      'onnx is not marked autoSelect, so only models that name this runtime are served',
    ],
    ['protocol', [onnx()], 'supports protocol (none is listed), but v2 was requested'],
    [
      'hidden by its name',
      [aSeenRuntime('r', { protocolVersions: ['v2'] }, 'ClusterServingRuntime'), aSeenRuntime('r')],
      'a ServingRuntime of the same name takes its place in this namespace',
    ],
  ];
  for (const [name, seen, expected] of cases) {
    test(name, () => {
      const gate = gates({ ...withModel(model), runtimes: seen }).find((each) => each.name === 'runtime');
      assert.equal(gate?.details?.[0]?.says, expected);
    });
  }

  test('the REST proxy speaks v2 for a runtime that speaks grpc-v2', () => {
    const grpc = aSeenRuntime('r', {
      supportedModelFormats: [{ name: 'onnx', version: '1', autoSelect: true }],
      protocolVersions: ['grpc-v2'],
    });
    const config = (enabled: boolean) => ({
      config: { kind: 'ok' as const, config: { ...CONFIG, restProxy: { ...CONFIG.restProxy, enabled } }, warnings: [] },
    });
    const states = [true, false].map(
      (enabled) => gates({ ...withModel(model), ...config(enabled), runtimes: [grpc] })[2]?.state,
    );
    assert.deepEqual(states, ['passed', 'open']);
  });
});
