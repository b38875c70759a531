import type { Copy } from '../objects/model-copies.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { anInferenceService, aPredictorSnapshot, NOW, viewed } from '../testing/builders.ts';
import { aSeenRuntime, NOTHING_SEEN, targetOf } from '../testing/gate-builders.ts';
import type { Finding } from './gate.ts';
import { gatesOf } from './gates-of.ts';
import { loadedGate, loadingGate, podsGate, registeredGate, stateOf } from './mesh-gates.ts';
import type { SeenModel } from './seen-model.ts';

const words = ({ state, reason, message }: Finding): string => `${state} ${reason ?? '-'}: ${message}`;
const seenAs = (more: Partial<SeenModel>): SeenModel => ({ ...NOTHING_SEEN, ...more });
const copy = (state: Copy['state'], message = '', since = NOW): Copy => ({ instance: 'i', state, since, message });
const copies = (...all: readonly Copy[]) => ({ copies: { m: all } });
const evicted = { ready: true, readyModelId: 'm', activeState: 'Standby' as const };
const noon = '2026-06-01T12:00:00.000Z';

const NOT_BEGUN = 'open ModelNotLoaded: It is registered, and no pod has begun to load it';
test.each<[string, Partial<PredictorSnapshot>, Partial<SeenModel>, string]>([
  ['no pod has begun', {}, {}, NOT_BEGUN],
  ['a pod holds it', copies(copy('held')), {}, `passed -: A pod has taken it on: pod …i, held since ${noon}`],
  ['a pod loads it', copies(copy('loading')), {}, `passed -: A pod has taken it on: pod …i, loading since ${noon}`],
  ['a pod failed', copies(copy('failed')), {}, `passed -: A pod has taken it on: pod …i, failed at ${noon}`],
  [
    'a time is not known',
    copies(copy('held', '', Number.NaN)),
    {},
    'passed -: A pod has taken it on: pod …i, held since an unknown time',
  ],
  ['it is loaded', {}, { activeState: 'Loaded' }, 'passed -: It is loaded'],
  ['it was evicted', {}, evicted, 'passed -: It was loaded, and is not in memory now'],
  [
    'it is loaded again',
    {},
    { ...evicted, activeState: 'Loading', failureReason: 'x' },
    'passed -: It was loaded, and is not in memory now',
  ],
  [
    'it was evicted before its name was kept',
    {},
    { ...evicted, readyModelId: '' },
    'passed -: It was loaded, and is not in memory now',
  ],
  ['another model was ready', {}, { ...evicted, readyModelId: 'n' }, NOT_BEGUN],
  ['it was never ready', {}, { ...evicted, ready: false }, NOT_BEGUN],
  ['the mesh says that it loads', {}, { activeState: 'Loading' }, 'passed -: The mesh says that it is loading'],
  ['it loads with a failure', {}, { activeState: 'Loading', failureReason: 'x' }, NOT_BEGUN],
  [
    'a load failed',
    {},
    { activeState: 'FailedToLoad', failureReason: 'ModelLoadFailed' },
    'passed -: A pod has tried it',
  ],
  ['no load was tried', {}, { activeState: 'FailedToLoad', failureReason: 'x' }, NOT_BEGUN],
])('loading: %s', (_rule, more, seen, expected) => {
  expect(words(loadingGate(aPredictorSnapshot(more), 'm', seenAs(seen)))).toBe(expected);
});

const FAILED = 'open ModelLoadFailed:';
const UNKNOWN = 'open MeshUnknown: The mesh has not reported the model yet';
test.each<[string, Partial<PredictorSnapshot>, Partial<SeenModel>, string]>([
  ['the mesh says so', {}, { activeState: 'Loaded' }, 'passed -: It is loaded and answers requests'],
  ['one copy is loaded', copies(copy('failed'), copy('loaded')), {}, 'passed -: It is loaded and answers requests'],
  ['it was evicted', {}, evicted, 'passed -: It was loaded; the next request loads it again'],
  ['the mesh says that it failed', {}, { activeState: 'FailedToLoad', failureMessage: 'boom' }, `${FAILED} boom`],
  ['it failed without a message', {}, { activeState: 'FailedToLoad' }, `${FAILED} The mesh gave no message`],
  [
    'all copies failed',
    copies(copy('failed', ''), copy('failed', 'bang')),
    { failureMessage: 'boom' },
    `${FAILED} bang`,
  ],
  ['all copies failed without a message', copies(copy('failed')), { failureMessage: 'boom' }, `${FAILED} boom`],
  [
    'only one copy failed',
    copies(copy('failed'), copy('held')),
    {},
    `open ModelLoading: Loading on pod …i, held since ${noon}`,
  ],
  ['a copy loads', copies(copy('loading')), {}, `open ModelLoading: Loading on pod …i, loading since ${noon}`],
  ['the mesh says that it loads', {}, { activeState: 'Loading' }, 'open ModelLoading: The mesh is loading the model'],
  ['nothing is known', {}, {}, UNKNOWN],
  ['only another model is known', { copies: { n: [copy('loaded')] } }, {}, UNKNOWN],
])('loaded: %s', (_rule, more, seen, expected) => {
  expect(words(loadedGate(aPredictorSnapshot(more), 'm', seenAs(seen)))).toBe(expected);
});

test('each copy is a detail, with its message', () => {
  const found = loadedGate(aPredictorSnapshot(copies(copy('failed', 'boom'), copy('failed'))), 'm', NOTHING_SEEN);
  expect(found.details).toEqual([
    { about: 'pod …i', says: `failed at ${noon}: boom` },
    { about: 'pod …i', says: `failed at ${noon}` },
  ]);
});

test('the state is that of the target while another model is active', () => {
  const seen = seenAs({ activeState: 'Loaded', targetState: 'Loading' });
  const state = (vmodel: PredictorSnapshot['vmodel']) => stateOf(aPredictorSnapshot({ vmodel }), 'm', seen);
  const vmodel = { owner: '', active: 'm', target: 'm', failed: false };
  expect([
    state(undefined),
    state(vmodel),
    state({ ...vmodel, active: '' }),
    state({ ...vmodel, active: 'n' }),
  ]).toEqual(['Loaded', 'Loaded', 'Loaded', 'Loading']);
});

const vmodel = { owner: 'isvc', active: 'm', target: 'm', failed: false };
const CONFLICT = 'open OwnerConflict: Predictor already exists with the same name from a different source';
test.each<[string, Partial<PredictorSnapshot>, string]>([
  [
    'not all records are known',
    { meshComplete: false, vmodel },
    'unknown -: The records of the mesh are not all listed yet',
  ],
  ['another owner has it', { vmodel: { ...vmodel, owner: 'ksp' } }, CONFLICT],
  ['it has no owner', { vmodel: { ...vmodel, owner: '' } }, 'passed -: Registered as m'],
  ['it is registered while paused', { vmodel, namespacePaused: true }, 'passed -: Registered as m'],
  [
    'it is not, while paused',
    { namespacePaused: true },
    'open Paused: Reconciliation is paused by annotation meshkeeper.dev/paused: "true" of namespace team-a',
  ],
  ['there is none', {}, 'open NotRegistered: The mesh has no VModel digits yet'],
  ['it has another target', { vmodel: { ...vmodel, target: 'n' } }, 'open NotRegistered: The mesh still has n, not m'],
])('registered: %s', (_rule, more, expected) => {
  expect(words(registeredGate(aPredictorSnapshot(more), 'm'))).toBe(expected);
});

const [one, two] = [aSeenRuntime('a'), aSeenRuntime('b')];
test.each<[string, Partial<PredictorSnapshot>, Parameters<typeof podsGate>[1], string]>([
  ['they are not known', { podsKnown: false }, [one], 'unknown -: The Deployments are not all listed yet'],
  [
    'none is ready',
    { hasNoReadyRuntime: true },
    [one, two],
    'open RuntimeUnhealthy: Waiting for the first ready pod of a, b',
  ],
  [
    'no runtime is known',
    { hasNoReadyRuntime: true },
    undefined,
    'open RuntimeUnhealthy: Waiting for the first ready pod of a runtime that serves it',
  ],
  [
    'no pod takes calls',
    { endpoints: [] },
    [one],
    'open RuntimeUnhealthy: No pod of the mesh takes calls in namespace team-a yet',
  ],
  ['one is ready', {}, [one], 'passed -: A pod of a is ready'],
  ['one of an unknown runtime is ready', {}, undefined, 'passed -: A pod that can hold it is ready'],
])('pods: %s', (_rule, more, serving, expected) => {
  expect(words(podsGate(aPredictorSnapshot(more), serving))).toBe(expected);
});

describe('storage of a model that is loaded', () => {
  const target = targetOf(aPredictorSnapshot());
  const missing = { storage: { secretName: 's', secret: undefined, claims: [] }, runtimes: [one] };
  const held = { copies: { [target]: [copy('held')] } };
  const LOADED = 'passed -: It is loaded, but would not load again: Secret s in namespace team-a has no entry k';
  const OPEN = 'open StorageEntryMissing: Secret s in namespace team-a has no entry k';
  test.each<[string, Partial<PredictorSnapshot>, SeenModel['activeState'], string]>([
    ['is needed no more', { ...missing, ...held }, 'Loaded', LOADED],
    ['is needed while it loads', { ...missing, ...held }, 'Loading', OPEN],
    ['is needed where no pod has a copy', missing, 'Loaded', OPEN],
  ])('%s', (_rule, more, activeState, expected) => {
    const gate = gatesOf(aPredictorSnapshot(more), seenAs({ activeState })).find(({ name }) => name === 'storage');
    expect(`${gate?.state} ${gate?.reason ?? '-'}: ${gate?.message}`).toBe(expected);
  });

  test.each<[string, Partial<PredictorSnapshot>, string]>([
    [
      'an object that is missing',
      { object: undefined },
      'open There is no InferenceService digits in namespace team-a',
    ],
    [
      'an object that is not listed',
      { object: undefined, objectsComplete: false },
      'unknown The objects of kind InferenceService are not all listed yet',
    ],
    [
      'a Predictor that is missing',
      { object: undefined, key: { kind: 'predictor', namespace: 'n', owner: 'ksp', name: 'p' } },
      'open There is no Predictor p in namespace n',
    ],
    ['an object that is valid', {}, 'passed The object is valid'],
    [
      'an object without a path',
      {
        object: viewed('inferenceServices', {
          ...anInferenceService(),
          spec: { predictor: { model: { modelFormat: { name: 'x' } } } },
        }),
      },
      'open the InferenceService ',
    ],
  ])('%s is the first gate', (_rule, more, expected) => {
    const [gate] = gatesOf(aPredictorSnapshot(more), NOTHING_SEEN);
    expect(`${gate?.state} ${gate?.message}`.slice(0, expected.length)).toBe(expected);
  });
});
