import type { MeshConfig } from '../config/mesh-config.ts';
import type { JsonObject } from '../objects/reduce.ts';
import type { Failure, ModelView } from '../status/model-view.ts';
import { anInferenceService, CONFIG, NOW, viewed } from '../testing/builders.ts';
import { causeOf } from './cause.ts';
import { inferenceServiceStatus } from './inference-service-status.ts';
import { predictorStatus } from './predictor-status.ts';

const FAILURE: Failure = {
  reason: 'ModelLoadFailed',
  message: 'boom',
  location: 'pod-a',
  modelId: 'm-2',
  time: NOW - 5_000,
};
const VIEW: ModelView = {
  ready: true,
  readyModelId: 'm-1',
  activeState: 'Loaded',
  targetState: 'Loading',
  transition: 'InProgress',
  failedCopies: 1,
  totalCopies: 2,
  failure: FAILURE,
};
const BARE: ModelView = {
  ...VIEW,
  ready: false,
  readyModelId: '',
  transition: '',
  totalCopies: 0,
  failure: { ...FAILURE, reason: 'OwnerConflict', location: '', modelId: '' },
};
const SECURE: MeshConfig = {
  ...CONFIG,
  restProxy: { ...CONFIG.restProxy, enabled: true, port: 8008 },
  tls: { ...CONFIG.tls, secretName: 'certs' },
};
const PLAIN: MeshConfig = { ...SECURE, tls: { ...CONFIG.tls, secretName: '' } };
const object = (status?: JsonObject) => viewed('inferenceServices', anInferenceService('a', status)).body;
const time = '2026-06-01T11:59:55Z';
const HOST = 'modelmesh-serving.team-a';

describe('The status of a Predictor', () => {
  test('has each fact in its flat form', () => {
    expect(predictorStatus(object(), VIEW, SECURE)).toEqual({
      available: true,
      activeModelState: 'Loaded',
      targetModelState: 'Loading',
      transitionStatus: 'InProgress',
      failedCopies: 1,
      totalCopies: 2,
      grpcEndpoint: `grpc://${HOST}:8033`,
      httpEndpoint: `https://${HOST}:8008`,
      lastFailureInfo: { location: 'pod-a', reason: 'ModelLoadFailed', message: 'boom', modelId: 'm-2', time },
    });
  });

  test('leaves out what is empty, and names a reason of the original', () => {
    expect(predictorStatus(object(), BARE, CONFIG)).toEqual({
      available: false,
      activeModelState: 'Loaded',
      targetModelState: 'Loading',
      transitionStatus: 'UpToDate',
      failedCopies: 1,
      totalCopies: 0,
      grpcEndpoint: `grpc://${HOST}:8033`,
      lastFailureInfo: { reason: 'InvalidPredictorSpec', message: 'boom', time },
    });
    expect(predictorStatus(object(), { ...VIEW, failure: undefined }, PLAIN)).not.toHaveProperty('lastFailureInfo');
    expect(predictorStatus(object(), VIEW, PLAIN)['httpEndpoint']).toBe(`http://${HOST}:8008`);
  });
});

describe('The status of an InferenceService', () => {
  const now = '2026-06-01T12:00:00Z';
  const urls = { url: `grpc://${HOST}:8033`, grpcUrl: `grpc://${HOST}:8033` };

  test('has each fact in its form', () => {
    expect(inferenceServiceStatus(object(), VIEW, SECURE, NOW)).toEqual({
      observedGeneration: 1,
      url: urls.url,
      components: { predictor: { ...urls, restUrl: `https://${HOST}:8008`, latestReadyRevision: 'm-1' } },
      conditions: [
        { type: 'PredictorReady', status: 'True', lastTransitionTime: now },
        { type: 'Ready', status: 'True', lastTransitionTime: now },
      ],
      modelStatus: {
        transitionStatus: 'InProgress',
        states: { activeModelState: 'Loaded', targetModelState: 'Loading' },
        copies: { failedCopies: 1, totalCopies: 2 },
        lastFailureInfo: {
          location: 'pod-a',
          reason: 'ModelLoadFailed',
          message: 'boom',
          modelRevisionName: 'm-2',
          time,
        },
      },
    });
  });

  test('leaves out what is empty, and keeps the time of a condition whose status lasts', () => {
    const old = '2026-05-01T00:00:00Z';
    const conditions = [
      { type: 'Zulu', status: 'True', lastTransitionTime: old },
      { type: 'Ready', status: 'False', reason: 'Other', lastTransitionTime: old },
      { type: 'PredictorReady', status: 'True', lastTransitionTime: old },
      { type: 'Paused', status: 'True', lastTransitionTime: old },
    ];
    const cause = { reason: 'OwnerConflict', message: 'boom' };
    expect(inferenceServiceStatus(object({ conditions }), BARE, CONFIG, NOW)).toEqual({
      observedGeneration: 1,
      components: { predictor: {} },
      conditions: [
        { type: 'PredictorReady', status: 'False', ...cause, lastTransitionTime: now },
        { type: 'Ready', status: 'False', ...cause, lastTransitionTime: old },
        { type: 'Zulu', status: 'True', lastTransitionTime: old },
      ],
      modelStatus: {
        transitionStatus: '',
        states: { activeModelState: 'Loaded', targetModelState: 'Loading' },
        copies: { failedCopies: 1 },
        lastFailureInfo: { reason: 'InvalidPredictorSpec', message: 'boom', time },
      },
    });
  });

  test('has no REST URL without the proxy, and http without certificates', () => {
    const predictorOf = (config: MeshConfig) => inferenceServiceStatus(object(), VIEW, config, NOW)['components'];
    expect(predictorOf(CONFIG)).toEqual({ predictor: { ...urls, latestReadyRevision: 'm-1' } });
    expect(predictorOf(PLAIN)).toEqual({
      predictor: { ...urls, restUrl: `http://${HOST}:8008`, latestReadyRevision: 'm-1' },
    });
    const { modelStatus } = inferenceServiceStatus(object(), { ...VIEW, failure: undefined }, CONFIG, NOW);
    expect(modelStatus).not.toHaveProperty('lastFailureInfo');
  });
});

test.each<[string, Partial<ModelView>, string]>([
  ['a known cause comes first', { cause: { reason: 'ClaimMissing', message: 'no claim' } }, 'ClaimMissing: no claim'],
  ['a failure comes next', {}, 'ModelLoadFailed: boom'],
  [
    'a failure may be without a message',
    { failure: { ...FAILURE, message: '' } },
    'ModelLoadFailed: The mesh gave no message',
  ],
  [
    'a load is under way',
    { failure: undefined, activeState: 'Loading' },
    'ModelLoading: The mesh is loading the model',
  ],
  [
    'a model is out of memory',
    { failure: undefined, activeState: 'Standby' },
    'ModelNotLoaded: The model is registered and not loaded yet',
  ],
  [
    'nothing is known',
    { failure: undefined, activeState: 'Pending' },
    'MeshUnknown: The mesh has not reported the model yet',
  ],
])('%s', (_rule, view, expected) => {
  const { reason, message } = causeOf({ ...VIEW, ...view });
  expect(`${reason}: ${message}`).toBe(expected);
});
