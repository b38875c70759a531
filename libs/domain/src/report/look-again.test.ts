import { plan } from '../plan/plan.ts';
import type { Outcome, Plan } from '../plan/step.ts';
import type { ModelStatusInfo, VModelStatusInfo } from '../ports/mesh.ts';
import { CallError } from '../reasons/call-error.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { aModelStatus, anInferenceService, aPredictorSnapshot, aReply, NOW, viewed } from '../testing/builders.ts';
import { report } from './report-run.ts';
import type { Report } from './report.ts';

const NO_HOME = 'There are no running instances that meet the label requirements of type ';
const NO_RUNTIME = [`${NO_HOME}mt:sklearn: [_no_runtime]`];

function reported(snapshot: PredictorSnapshot, reply: VModelStatusInfo | undefined, error?: CallError): Report {
  const planned = plan(snapshot, NOW);
  const [step] = plan(aPredictorSnapshot(), NOW).steps;
  if (step === undefined) throw new Error('The plan has no step');
  const done: readonly Outcome[] = reply === undefined ? [] : [{ kind: 'done', step, reply }];
  return report(snapshot, planned, error === undefined ? done : [...done, { kind: 'failed', step, error }], NOW);
}

const loading = (ages: readonly number[]): ModelStatusInfo =>
  aModelStatus('LOADING', { copies: ages.map((age) => ({ location: 'a', status: 'UNKNOWN', time: NOW - age })) });
const failedAt = (age: number): VModelStatusInfo =>
  aReply({
    activeModelStatus: aModelStatus('LOADING_FAILED', {
      copies: [{ location: 'a', status: 'LOADING_FAILED', time: NOW - age }],
    }),
  });
const switching = { targetModelId: 'digits__isvc-2222222222', status: 'TRANSITIONING' as const };
const shownUnhealthy = (since: number): PredictorSnapshot => {
  const failure = { reason: 'NoSupportingRuntime', message: 'x', time: new Date(NOW - since).toISOString() };
  const status = { modelStatus: { lastFailureInfo: failure } };
  return aPredictorSnapshot({ object: viewed('inferenceServices', anInferenceService('a/b', status)) });
};
const noRuntime = aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: NO_RUNTIME }) });
const copy = (state: 'loading' | 'failed') => ({ instance: state, state, since: NOW, message: '' });
const record = (id: string, ...states: readonly ('loading' | 'failed')[]) =>
  aPredictorSnapshot({ copies: { [id]: states.map(copy) } });
const [ACTIVE, TARGET] = ['digits__isvc-1111111111', switching.targetModelId];

describe('The next look at a model', () => {
  test.each<[string, PredictorSnapshot, VModelStatusInfo, number | undefined]>([
    ['is not needed for a loaded model', aPredictorSnapshot(), aReply(), undefined],
    [
      'comes after a second where no load runs',
      aPredictorSnapshot(),
      aReply({ activeModelStatus: aModelStatus('NOT_LOADED') }),
      1_000,
    ],
    ['comes after five minutes for a failed load', aPredictorSnapshot(), failedAt(10), 300_000],
    [
      'comes after a tenth of the time of the newest copy',
      aPredictorSnapshot(),
      aReply({ activeModelStatus: loading([30_000, 20_000]) }),
      2_000,
    ],
    [
      'comes first after 250 ms where no copy has begun',
      aPredictorSnapshot(),
      aReply({ activeModelStatus: loading([]) }),
      250,
    ],
    [
      'counts the copies of the target',
      aPredictorSnapshot(),
      aReply({ ...switching, targetModelStatus: loading([20_000]) }),
      2_000,
    ],
    [
      'counts no copy that failed',
      aPredictorSnapshot(),
      aReply({
        ...switching,
        targetModelStatus: loading([20_000]),
        activeModelStatus: {
          ...aModelStatus('LOADED'),
          copies: [{ location: 'a', status: 'LOADING_FAILED', time: NOW - 3_000 }],
        },
      }),
      2_000,
    ],
    ['comes after a tenth of the time in which the mesh knows no runtime', shownUnhealthy(50_000), noRuntime, 5_000],
    ['comes at least each ten seconds while the mesh knows no runtime', shownUnhealthy(500_000), noRuntime, 10_000],
    [
      'is seldom where the record of the active model shows the load',
      record(ACTIVE, 'loading'),
      aReply({ activeModelStatus: loading([20_000]) }),
      30_000,
    ],
    [
      'is seldom also after another copy failed',
      record(ACTIVE, 'loading', 'failed'),
      aReply({ activeModelStatus: loading([20_000]) }),
      30_000,
    ],
    [
      'is a poll where the record shows only failures',
      record(ACTIVE, 'failed'),
      aReply({ activeModelStatus: loading([20_000]) }),
      2_000,
    ],
    [
      'is seldom where the record of the target shows the load',
      record(TARGET, 'loading'),
      aReply({ ...switching, targetModelStatus: loading([20_000]) }),
      30_000,
    ],
    [
      'is a poll where only the other model of a switch is in the record',
      record(ACTIVE, 'loading'),
      aReply({ ...switching, targetModelStatus: loading([20_000]) }),
      2_000,
    ],
  ])('%s', (_rule, snapshot, reply, ms) => {
    expect(reported(snapshot, reply).lookAgainMs).toBe(ms);
  });
});

describe('A failed call', () => {
  const error = (kind: 'Transient' | 'Terminal', code?: string) =>
    new CallError(kind, 'failed', code === undefined ? {} : { code });
  test.each<[string, CallError, string, string, CallError['kind'] | undefined]>([
    [
      'without endpoints waits for a runtime, and is retried',
      error('Transient', 'NO_ENDPOINTS'),
      'RuntimeUnhealthy',
      'UpToDate',
      'Transient',
    ],
    [
      'by another owner is a wrong object, and is not retried',
      error('Terminal', 'ALREADY_EXISTS'),
      'OwnerConflict',
      'InvalidSpec',
      undefined,
    ],
  ])('%s', (_rule, failure, reason, transitionStatus, retried) => {
    const { status, reason: word, error: left, lookAgainMs } = reported(aPredictorSnapshot(), undefined, failure);
    expect([word, left?.kind, lookAgainMs]).toEqual([reason, retried, undefined]);
    expect(status).toMatchObject({ modelStatus: { transitionStatus } });
  });

  test('that no status explains changes no status', () => {
    const failure = error('Terminal', 'INTERNAL');
    expect(reported(aPredictorSnapshot(), undefined, failure)).toEqual({
      status: undefined,
      events: [],
      lookAgainMs: undefined,
      reason: 'UpToDate',
      gone: false,
      memory: undefined,
      error: failure,
    });
  });

  test('after an answer is retried whatever it is', () => {
    const failure = error('Terminal', 'INTERNAL');
    expect(reported(aPredictorSnapshot(), aReply(), failure)).toMatchObject({ reason: 'Ready', error: failure });
  });
});

describe('What is shown while the mesh cannot be asked', () => {
  const message = 'Waiting for runtime Pod to become available';
  const given = (transitionStatus: string, failure: object, ready = 'True') =>
    aPredictorSnapshot({
      endpoints: [],
      object: viewed(
        'inferenceServices',
        anInferenceService('a/b', {
          conditions: [{ type: 'Ready', status: ready }],
          modelStatus: { transitionStatus, lastFailureInfo: { ...failure } },
        }),
      ),
    });
  const old = { reason: 'RuntimeUnhealthy', message, time: '2026-06-01T11:00:00Z' };
  const [before, now] = ['2026-06-01T11:00:00Z', '2026-06-01T12:00:00Z'];
  test.each<[string, PredictorSnapshot, string, string]>([
    [
      'a switch stays in progress, and a lasting failure keeps its time',
      given('InProgress', old),
      'InProgress',
      before,
    ],
    ['the first report is up to date', given('', old), 'UpToDate', before],
    ['a wrong object that was repaired is up to date', given('InvalidSpec', old), 'UpToDate', before],
    ['a failure with another reason is new', given('', { ...old, reason: 'ModelLoadFailed' }), 'UpToDate', now],
    ['a failure with another message is new', given('', { ...old, message: 'x' }), 'UpToDate', now],
    ['a failure without a time is new', given('', { ...old, time: '' }), 'UpToDate', now],
  ])('%s', (_rule, snapshot, transitionStatus, time) => {
    const { status } = reported(snapshot, undefined, undefined);
    expect(status).toMatchObject({
      modelStatus: {
        transitionStatus,
        copies: { failedCopies: 0 },
        lastFailureInfo: { reason: 'RuntimeUnhealthy', message, time },
      },
    });
  });

  test.each([
    ['InvalidPredictorSpec', 'True', 'True'],
    ['InvalidPredictorSpec', 'False', 'False'],
    ['OwnerConflict', 'True', 'False'],
  ] as const)('%s of a model with Ready %s shows Ready %s', (reason, before, after) => {
    const snapshot = given('UpToDate', {}, before);
    const planned: Plan = { ...plan(snapshot, NOW), steps: [], obstacle: { reason, message: 'm' } };
    const { status } = report(snapshot, planned, [], NOW);
    expect(status).toMatchObject({
      conditions: [
        { type: 'PredictorReady', status: after },
        { type: 'Ready', status: after },
      ],
      modelStatus: { transitionStatus: 'InvalidSpec' },
    });
  });
});

describe('A model whose object is gone', () => {
  const gone = { object: undefined, vmodel: undefined };
  test.each<[string, Partial<PredictorSnapshot>, CallError | undefined, boolean]>([
    ['is done with when all is known', gone, undefined, true],
    ['is kept while not all objects are known', { ...gone, objectsComplete: false }, undefined, false],
    ['is kept while not all records are known', { ...gone, meshComplete: false }, undefined, false],
    ['is kept when the removal failed', gone, new CallError('Transient', 'down'), false],
  ])('%s', (_rule, more, error, isGone) => {
    const found = reported(aPredictorSnapshot(more), undefined, error);
    expect([found.gone, found.error, found.status]).toEqual([isGone, error, undefined]);
  });

  test('is reported as unregistered when the mesh had it', () => {
    const vmodel = { owner: 'isvc', active: ACTIVE, target: ACTIVE, failed: false };
    const reasonOf = (more: Partial<PredictorSnapshot>) =>
      reported(aPredictorSnapshot({ ...gone, ...more }), undefined).reason;
    expect([reasonOf({ vmodel }), reasonOf({})]).toEqual(['Unregistered', 'UpToDate']);
  });
});
