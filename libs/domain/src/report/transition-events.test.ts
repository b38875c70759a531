import { NOW } from '../testing/builders.ts';
import { readShown, type ShownStatus } from '../status/shown-status.ts';
import type { ModelView } from '../status/model-view.ts';
import { transitionEvents } from './transition-events.ts';

const NOTHING = readShown('isvc', undefined);
const VIEW: ModelView = {
  ready: false,
  readyModelId: '',
  activeState: 'Pending',
  targetState: '',
  transition: '',
  failedCopies: 0,
  totalCopies: 0,
  failure: undefined,
};
const failure = { reason: 'ModelLoadFailed' as const, message: 'boom', location: '', modelId: '', time: NOW };
const failureShown = { failureReason: 'ModelLoadFailed', failureMessage: 'boom' };
const blocked = { transition: 'BlockedByFailedLoad' as const, failure };

test.each<[string, Partial<ShownStatus>, Partial<ModelView>, readonly string[]]>([
  ['nothing changed', {}, {}, []],
  ['a model that stays ready', { ready: true }, { ready: true }, []],
  ['a model becomes ready', {}, { ready: true, readyModelId: 'm' }, ['Normal Ready: Model m is loaded']],
  [
    'a model is no longer ready',
    { ready: true },
    { activeState: 'Loading' },
    ['Warning NotReady: ModelLoading: The mesh is loading the model'],
  ],
  [
    'a switch starts',
    { transition: 'UpToDate' },
    { transition: 'InProgress' },
    ['Normal TransitionStarted: Loading the new model; the old one keeps serving'],
  ],
  ['a switch continues', { transition: 'InProgress' }, { transition: 'InProgress' }, []],
  [
    'a switch ends',
    { transition: 'InProgress' },
    { transition: 'UpToDate', readyModelId: 'm' },
    ['Normal TransitionFinished: Model m has taken over'],
  ],
  [
    'a switch that was blocked ends',
    { transition: 'BlockedByFailedLoad' },
    { transition: 'UpToDate', readyModelId: 'm' },
    ['Normal TransitionFinished: Model m has taken over'],
  ],
  ['the first report is not the end of a switch', { transition: '' }, { transition: 'UpToDate' }, []],
  [
    'a repaired specification is not the end of a switch',
    { transition: 'InvalidSpec' },
    { transition: 'UpToDate' },
    [],
  ],
  ['a wrong specification alone is no switch', { transition: 'UpToDate' }, { transition: 'InvalidSpec' }, []],
  ['a switch fails, which is one Event', { transition: 'InProgress' }, blocked, ['Warning TransitionFailed: boom']],
  [
    'a switch fails without a message',
    { transition: 'InProgress' },
    { ...blocked, failure: { ...failure, message: '' } },
    ['Warning TransitionFailed: The new model could not be loaded'],
  ],
  [
    'a switch fails without a failure',
    { transition: 'InProgress' },
    { ...blocked, failure: undefined },
    ['Warning TransitionFailed: The new model could not be loaded'],
  ],
  ['a load fails', {}, { failure }, ['Warning ModelLoadFailed: boom']],
  ['a failure that is shown already', failureShown, { failure }, []],
  [
    'a failure of another reason',
    { ...failureShown, failureReason: 'RuntimeUnhealthy' },
    { failure },
    ['Warning ModelLoadFailed: boom'],
  ],
  [
    'a failure of another message',
    { ...failureShown, failureMessage: 'bang' },
    { failure },
    ['Warning ModelLoadFailed: boom'],
  ],
  [
    'a failure without a message',
    {},
    { failure: { ...failure, message: '' } },
    ['Warning ModelLoadFailed: The mesh gave no message'],
  ],
  [
    'a failure of known cause',
    {},
    { failure, cause: { reason: 'StorageEntryMissing', message: 'no entry k' } },
    ['Warning StorageEntryMissing: no entry k'],
  ],
])('%s', (_rule, shown, view, events) => {
  const found = transitionEvents({ ...NOTHING, ...shown }, { ...VIEW, ...view });
  expect(found.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toEqual(events);
});
