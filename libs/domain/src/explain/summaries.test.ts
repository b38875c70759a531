import { PAUSED_ANNOTATION } from '../changes/facts.ts';
import { ADVICE } from '../reasons/advice.ts';
import type { PredictorSnapshot, RuntimeSnapshot, Viewed } from '../snapshot/snapshot.ts';
import {
  anInferenceService,
  aPredictorSnapshot,
  aRuntime,
  aRuntimeSnapshot,
  CONFIG,
  NOW,
  viewed,
} from '../testing/builders.ts';
import { aSeenRuntime, targetOf } from '../testing/gate-builders.ts';
import { explainModel } from './explain-model.ts';
import { explainRuntime } from './explain-runtime.ts';
import type { RunsSeen } from './run-state.ts';

const QUIET: RunsSeen = {
  runs: 1,
  isRunning: false,
  nextRunAt: undefined,
  waitingSince: undefined,
  failures: 0,
  lastError: '',
};
const target = targetOf(aPredictorSnapshot());
const isvc = (ready: boolean, annotations: object = {}) =>
  viewed(
    'inferenceServices',
    anInferenceService(
      'a/b',
      {
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
        components: { predictor: { latestReadyRevision: target } },
        modelStatus: { states: { activeModelState: ready ? 'Loaded' : 'Pending', targetModelState: '' } },
      },
      { annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh', ...annotations } },
    ),
  );
const registered = {
  vmodel: { owner: 'isvc', active: target, target, failed: false },
  runtimes: [aSeenRuntime('mlserver')],
  copies: { [target]: [{ instance: 'i', state: 'loaded' as const, since: NOW, message: '' }] },
};
const paused = isvc(true, { [PAUSED_ANNOTATION]: 'true' });
const PAUSED = `Paused: Reconciliation is paused by annotation ${PAUSED_ANNOTATION}: "true" of namespace team-a`;
const DISABLED = 'NamespaceNotEnabled: Namespace team-a carries no label modelmesh-enabled=true.';

describe('The summary of a model', () => {
  test.each<[string, Partial<PredictorSnapshot>, string, string]>([
    ['is ready', { ...registered, object: isvc(true) }, 'Ready.', 'Nothing.'],
    [
      'is open where nothing blocks it',
      { ...registered, object: isvc(false) },
      'Not ready yet, though nothing is known to be in the way.',
      'Wait for the next run',
    ],
    [
      'is of the first open gate',
      { ...registered, object: isvc(false), namespaceEnabled: false },
      `Not ready. ${DISABLED}`,
      ADVICE.NamespaceNotEnabled,
    ],
    [
      'is ready with the previous model',
      { ...registered, object: isvc(true), namespaceEnabled: false },
      `Ready, with the previous model. For the requested one: ${DISABLED}`,
      ADVICE.NamespaceNotEnabled,
    ],
    [
      'is ready while paused',
      { ...registered, object: isvc(true), namespacePaused: true },
      `Ready. ${PAUSED}`,
      ADVICE.Paused,
    ],
    [
      'is not ready while paused',
      { ...registered, object: isvc(false), namespacePaused: true },
      `Not ready. ${PAUSED}`,
      ADVICE.Paused,
    ],
    [
      'waits for lists that are not complete',
      { ...registered, object: isvc(false), meshComplete: false },
      'Not ready yet, though nothing is known',
      'Wait until all sources are listed',
    ],
  ])('%s', (_rule, more, summary, todo) => {
    const found = explainModel(aPredictorSnapshot(more), [], QUIET, NOW);
    expect([found.summary.slice(0, summary.length), found.todo.slice(0, todo.length)]).toEqual([summary, todo]);
  });

  test('of an object that is ready and not for the mesh names no previous model', () => {
    const object = isvc(true, { 'serving.kserve.io/deploymentMode': 'RawDeployment' });
    const { summary, reason } = explainModel(aPredictorSnapshot({ ...registered, object }), [], QUIET, NOW);
    expect([summary.startsWith('Ready. NotForModelMesh: '), reason]).toEqual([true, 'NotForModelMesh']);
  });

  test('names the error of failed runs where no gate is open', () => {
    const runs = { ...QUIET, failures: 1, lastError: 'down' };
    const { todo } = explainModel(aPredictorSnapshot({ ...registered, object: isvc(true) }), [], runs, NOW);
    expect(todo).toBe('Look at what the last run failed with, and at that system: down');
  });

  test('names the models of the object, of the VModel and of the registry, each once', () => {
    const copies = { x: [], a: registered.copies[target] ?? [] };
    const vmodel = { owner: 'isvc', active: 'a', target: 'b', failed: false };
    const modelsOf = (more: Partial<PredictorSnapshot>) =>
      explainModel(aPredictorSnapshot(more), [], QUIET, NOW).models;
    expect(modelsOf({ vmodel, copies })).toEqual([
      { modelId: target, roles: ['wanted'], copies: [] },
      { modelId: 'a', roles: ['active'], copies: copies.a },
      { modelId: 'b', roles: ['target'], copies: [] },
      { modelId: 'x', roles: [], copies: [] },
    ]);
    expect(modelsOf({ object: undefined, vmodel: undefined, copies: {} })).toEqual([]);
    expect(modelsOf({ object: paused, ...registered })).toEqual([
      { modelId: target, roles: ['wanted', 'active', 'target'], copies: registered.copies[target] },
    ]);
  });

  test('names the kind and the name of its object', () => {
    const kindOf = (owner: 'isvc' | 'ksp') => {
      const key = { ...aPredictorSnapshot().key, owner };
      return explainModel(aPredictorSnapshot({ key }), [], QUIET, NOW).kind;
    };
    expect([kindOf('isvc'), kindOf('ksp')]).toEqual(['InferenceService', 'Predictor']);
  });
});

describe('The summary of a runtime', () => {
  const runtime = (spec: object) => ({
    runtime: { ...viewed('servingRuntimes', aRuntime({ ...spec })), kind: 'ServingRuntime' as const },
  });
  const deployment = (replicas: unknown, readyReplicas: unknown): Viewed => ({
    revision: '1',
    body: { metadata: { name: 'd' }, spec: { replicas }, status: { readyReplicas }, managers: [] } as Viewed['body'],
  });
  const model = { label: 'mt:sklearn:1' };

  test.each<[string, Partial<RuntimeSnapshot>, string, string]>([
    [
      'is open while not all is listed',
      { complete: false },
      'Not all sources are listed yet, so that nothing is concluded.',
      'Nothing.',
    ],
    [
      'is open while the namespace is not known',
      { namespaceEnabled: undefined },
      'Not all sources are listed yet, so that nothing is concluded.',
      'Nothing.',
    ],
    [
      'is that there is none',
      { runtime: undefined },
      'NoSuchObject: Namespace team-a sees no runtime mlserver.',
      ADVICE.NoSuchObject,
    ],
    ['is that the namespace is not enabled', { namespaceEnabled: false }, DISABLED, ADVICE.NamespaceNotEnabled],
    [
      'is that it is left to others',
      runtime({ multiModel: false }),
      'It is no multi-model runtime, and is left to others.',
      'Nothing.',
    ],
    ['is that it is disabled', runtime({ disabled: true }), 'It is disabled: spec.disabled is true.', 'Nothing.'],
    ['is that its Deployment is missing', {}, 'Its Deployment is not made yet.', 'Nothing.'],
    [
      'is that no model needs it',
      { deployments: [deployment(0, 0)], models: [] },
      'It is scaled to zero, since no model here needs it.',
      'Nothing.',
    ],
    [
      'is that it is scaled to zero',
      { deployments: [deployment(0, 0)], models: [model] },
      'It is scaled to zero.',
      'Nothing.',
    ],
    [
      'counts the pods of all Deployments',
      { deployments: [deployment(2, 1), deployment(3, undefined)] },
      'Of 5 wanted pods 1 are ready.',
      'Nothing.',
    ],
  ])('%s', (_rule, more, summary, todo) => {
    const found = explainRuntime(aRuntimeSnapshot(more), [], QUIET, NOW);
    expect([found.summary, found.todo]).toEqual([summary, todo]);
  });

  test('has its Deployments and the types that need it, each once and in order', () => {
    const models = ['mt:sklearn:1', 'mt:sklearn', 'mt:onnx', 'mt:sklearn'].map((label) => ({ label }));
    const more = { deployments: [deployment('x', 1)], models };
    expect(explainRuntime(aRuntimeSnapshot(more), [], QUIET, NOW)).toMatchObject({
      kind: 'ServingRuntime',
      deployments: [{ name: 'd', wanted: 0, ready: 1 }],
      neededBy: ['mt:sklearn', 'mt:sklearn:1'],
    });
    expect(explainRuntime(aRuntimeSnapshot({ runtime: undefined, models }), [], QUIET, NOW)).toMatchObject({
      kind: 'none',
      neededBy: [],
    });
  });

  test('counts models of the REST protocol only with the proxy', () => {
    const models = [{ label: 'mt:sklearn|pv:v2' }];
    const neededBy = (config: RuntimeSnapshot['config']) => {
      const more = { ...runtime({ protocolVersions: ['grpc-v2'] }), models, config };
      return explainRuntime(aRuntimeSnapshot(more), [], QUIET, NOW).neededBy;
    };
    const withProxy = { ...CONFIG, restProxy: { ...CONFIG.restProxy, enabled: true } };
    expect(neededBy({ kind: 'ok', config: CONFIG, warnings: [] })).toEqual([]);
    expect(neededBy({ kind: 'ok', config: withProxy, warnings: [] })).toEqual(['mt:sklearn|pv:v2']);
    expect(neededBy({ kind: 'bad', problems: ['x'] })).toEqual(['mt:sklearn|pv:v2']);
  });
});
