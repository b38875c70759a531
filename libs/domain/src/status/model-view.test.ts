import { aModelStatus, aReply, NOW } from '../testing/builders.ts';
import { readShown, type ShownStatus } from './shown-status.ts';
import { viewModel, wholeSeconds } from './model-view.ts';

const ACTIVE = 'digits__isvc-1111111111';
const TARGET = 'digits__isvc-2222222222';
const NO_HOME = 'There are no running instances that meet the label requirements of type ';
const NOTHING: ShownStatus = readShown('isvc', undefined);
const wasReady: ShownStatus = { ...NOTHING, ready: true, readyModelId: ACTIVE, activeState: 'Loaded' };

describe('Ready', () => {
  const notLoaded = aReply({ activeModelStatus: aModelStatus('NOT_LOADED') });
  const loading = aReply({ activeModelStatus: aModelStatus('LOADING') });
  const noHome = aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:s: [mt:s]`] }) });
  test.each([
    ['is true for a loaded model', aReply(), NOTHING, true],
    ['is false for a model that was never ready', notLoaded, { ...NOTHING, readyModelId: ACTIVE }, false],
    ['stays while the model is only out of memory', notLoaded, wasReady, true],
    ['stays while the model is loaded again', loading, wasReady, true],
    [
      'ends when another model than the ready one is out of memory',
      notLoaded,
      { ...wasReady, readyModelId: 'x' },
      false,
    ],
    [
      'stays out of memory where no status says which model was ready',
      notLoaded,
      { ...wasReady, readyModelId: '' },
      true,
    ],
    ['ends for a load where no status says which model was ready', loading, { ...wasReady, readyModelId: '' }, false],
    ['ends when no pod can hold the model', noHome, wasReady, false],
    ['ends with a failed load', aReply({ activeModelStatus: aModelStatus('LOADING_FAILED') }), wasReady, false],
    [
      'stays with a state that the mesh does not report',
      aReply({ activeModelStatus: aModelStatus('UNKNOWN') }),
      wasReady,
      true,
    ],
    ['ends with a reply without the active status', aReply({ activeModelStatus: undefined }), wasReady, false],
  ])('%s', (_rule, reply, shown, ready) => {
    const view = viewModel(reply, shown, NOW);
    expect([view.ready, view.readyModelId]).toEqual([ready, ready ? ACTIVE : shown.readyModelId]);
  });
});

describe('The target', () => {
  const target = aModelStatus('LOADING');
  test.each([
    ['is not shown when it is the active model', ACTIVE, ''],
    ['is not shown when it is empty', '', ''],
    ['is shown while it is another model', TARGET, 'Loading'],
  ])('%s', (_rule, targetModelId, state) => {
    expect(viewModel(aReply({ targetModelId, targetModelStatus: target }), NOTHING, NOW).targetState).toBe(state);
  });

  test('is pending while the reply has no status of it', () => {
    expect(viewModel(aReply({ targetModelId: TARGET, status: 'TRANSITIONING' }), NOTHING, NOW)).toEqual({
      ready: true,
      readyModelId: ACTIVE,
      activeState: 'Loaded',
      targetState: 'Pending',
      transition: 'InProgress',
      failedCopies: 0,
      totalCopies: 0,
      failure: undefined,
    });
  });
});

describe('Copies', () => {
  const copies = [
    { location: 'a', status: 'LOADED' as const, time: NOW },
    { location: 'b', status: 'LOADING_FAILED' as const, time: NOW },
  ];
  const failed = aModelStatus('LOADING_FAILED', { errors: ['boom'], copies });
  const noHome = aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:s: [mt:s]`], copies });
  const switching = { targetModelId: TARGET, status: 'TRANSITIONING' as const };
  test.each([
    [
      'are counted for the active model alone',
      aReply({ activeModelStatus: failed, targetModelStatus: failed }),
      [2, 1],
    ],
    [
      'are counted for both models of a switch',
      aReply({ ...switching, activeModelStatus: failed, targetModelStatus: failed }),
      [4, 2],
    ],
    ['are not counted for a model that has no home', aReply({ activeModelStatus: noHome }), [0, 0]],
    [
      'are not counted for a target that has no home',
      aReply({ ...switching, activeModelStatus: failed, targetModelStatus: noHome }),
      [2, 1],
    ],
  ])('%s', (_rule, reply, [totalCopies, failedCopies]) => {
    expect(viewModel(reply, NOTHING, NOW)).toMatchObject({ totalCopies, failedCopies });
  });
});

describe('A failure', () => {
  const copy = { location: 'pod-a', status: 'LOADING_FAILED' as const, time: NOW - 5_300 };
  const load = (copies: readonly (typeof copy)[]) =>
    aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: ['boom'], copies }) });
  const vague = aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:s: [mt:s]`] }) });
  const before = { ...NOTHING, failureReason: 'RuntimeUnhealthy', failureTime: NOW - 60_000 };
  const noModel = (location: string, time: number) => ({
    reason: 'ModelLoadFailed',
    message: 'boom',
    modelId: ACTIVE,
    location,
    time,
  });
  const unhealthy = (time: number) => ({
    reason: 'RuntimeUnhealthy',
    message: 'Waiting for supporting runtime Pod to become available',
    modelId: ACTIVE,
    location: '',
    time,
  });
  test.each([
    ['is of the pod and the second of the failed copy', load([copy]), NOTHING, noModel('pod-a', NOW - 6_000)],
    ['without a copy is of the time that was shown', load([]), before, noModel('', NOW - 60_000)],
    ['without a copy and a shown time is of now', load([]), NOTHING, noModel('', NOW)],
    ['of a lasting reason keeps its time', vague, before, unhealthy(NOW - 60_000)],
    ['of a new reason is of now', vague, { ...before, failureReason: 'ModelLoadFailed' }, unhealthy(NOW)],
    ['of a lasting reason without a time is of now', vague, { ...before, failureTime: 0 }, unhealthy(NOW)],
  ])('%s', (_rule, reply, shown, failure) => {
    expect(viewModel(reply, shown, NOW).failure).toEqual(failure);
  });

  test('has a time in whole seconds', () => {
    expect([0, 999, 1_000, 1_999].map(wholeSeconds)).toEqual([0, 0, 1_000, 1_000]);
  });
});
