import type { JsonObject } from '../objects/reduce.ts';
import { anInferenceService, viewed } from '../testing/builders.ts';
import { readShown } from './shown-status.ts';

const NOTHING = {
  ready: false,
  readyModelId: '',
  readyReason: '',
  activeState: 'Pending',
  targetState: '',
  transition: '',
  failureReason: '',
  failureMessage: '',
  failureTime: 0,
};
const read = (owner: 'isvc' | 'ksp', status?: JsonObject) =>
  readShown(owner, viewed('inferenceServices', anInferenceService('a', status)).body);

test.each<[string, 'isvc' | 'ksp', JsonObject | undefined]>([
  ['without a status', 'isvc', undefined],
  ['with an empty status', 'isvc', {}],
  ['a Predictor with an empty status', 'ksp', {}],
  ['with fields that are null', 'isvc', { conditions: null, components: null, modelStatus: null }],
  ['with fields of other types', 'isvc', { conditions: 'x', components: 3, modelStatus: [] }],
  [
    'with inner fields of other types',
    'isvc',
    {
      conditions: [{ type: 1, status: null }],
      components: { predictor: null },
      modelStatus: { transitionStatus: 4, states: 'x', lastFailureInfo: 'y' },
    },
  ],
  ['a Predictor with fields of other types', 'ksp', { available: 'true', activeModelState: 5, lastFailureInfo: 6 }],
  ['a Predictor that is not available', 'ksp', { available: false }],
  ['with a failure of no known time', 'isvc', { modelStatus: { lastFailureInfo: { time: 'yesterday' } } }],
])('an object %s shows nothing', (_rule, owner, status) => {
  expect(read(owner, status)).toEqual(NOTHING);
});

test('no object shows nothing', () => {
  expect(readShown('isvc', undefined)).toEqual(NOTHING);
});

const failure = { reason: 'ModelLoadFailed', message: 'boom', time: '2026-06-01T11:00:00Z' };
const failed = {
  failureReason: 'ModelLoadFailed',
  failureMessage: 'boom',
  failureTime: Date.parse('2026-06-01T11:00:00Z'),
};

test('each fact of an InferenceService is read', () => {
  const status = {
    conditions: [
      { type: 'PredictorReady', status: 'True', reason: 'Other' },
      { type: 'Ready', status: 'False', reason: 'ModelLoading' },
    ],
    components: { predictor: { latestReadyRevision: 'digits__isvc-1' } },
    modelStatus: {
      transitionStatus: 'InProgress',
      states: { activeModelState: 'Loaded', targetModelState: 'Loading' },
      lastFailureInfo: failure,
    },
  };
  const expected = {
    ...failed,
    ready: false,
    readyModelId: 'digits__isvc-1',
    readyReason: 'ModelLoading',
    activeState: 'Loaded',
    targetState: 'Loading',
    transition: 'InProgress',
  };
  expect(read('isvc', status)).toEqual(expected);
  const ready = { ...status, conditions: [{ type: 'Ready', status: 'True' }] };
  expect(read('isvc', ready)).toEqual({ ...expected, ready: true, readyReason: '' });
});

test('each fact of a Predictor is read', () => {
  const status = {
    available: true,
    activeModelState: 'Standby',
    targetModelState: 'Loading',
    transitionStatus: 'InProgress',
    lastFailureInfo: failure,
  };
  expect(read('ksp', status)).toEqual({
    ...failed,
    ready: true,
    readyModelId: '',
    readyReason: '',
    activeState: 'Standby',
    targetState: 'Loading',
    transition: 'InProgress',
  });
});
