import { LoadQueue, ModelCache } from '@meshkeeper/placement';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { ModelStatusInfo } from '@meshkeeper/domain';
import { ownLimits, summarise } from './host-limits.ts';
import {
  currentFailures,
  hasInfo,
  initialLastUsed,
  isLoadedOn,
  newestFailure,
  newModelRecord,
} from './model-record.ts';
import { isLoaded, liveCopies, modelStatus } from './model-status.ts';
import { modelView } from './model-view.ts';
import { evicted, loaded, loadFailed, noPlaceMessage, type LoadContext } from './models.ts';
import { ANYWHERE, parseTypeConstraints } from './type-constraints.ts';
import { vmodelStatus } from './vmodel-status.ts';

const INFO = { type: 't', path: 'p', key: 'k' };
const NEW = newModelRecord(INFO, { autoDel: false, lu: 7n });
const record = (more: Partial<ModelRecord> = {}): ModelRecord => ({ ...NEW, ...more });

test('limits are in units of 8 KiB, and a model takes whole ones', () => {
  const facts = {
    capacityBytes: 8_192 * 100 + 8_191,
    defaultSizeBytes: 8_193,
    maxLoadingConcurrency: 3,
    loadTimeoutMs: 5_000,
    version: '',
    methods: new Map(),
    limitModelConcurrency: false,
    allowAnyMethod: false,
  };
  expect(ownLimits(facts)).toEqual({ capacityUnits: 100, defaultUnits: 2, threads: 3, loadTimeoutMs: 5_000 });
});

test('the summary of an instance counts what waits', () => {
  const cache = new ModelCache({ capacityUnits: 1_000, defaultUnits: 10, threads: 3, loadTimeoutMs: 9_000 });
  const queue = new LoadQueue(1);
  cache.admit({ id: 'a', units: 5, lastUsed: 40 }, 100);
  cache.loaded('a', 5);
  queue.add('b', 'request', 1);
  queue.add('c', 'request', 2);
  queue.start('b');
  expect(summarise(cache, queue)).toEqual({
    capacityUnits: cache.effective,
    usedUnits: 5,
    usedBytes: 40_960,
    oldestUse: 40,
    models: 2,
    threads: 3,
    loading: 2,
  });
});

describe('Type constraints', () => {
  const labelsOf = (json: string, type: string) => {
    const constraints = parseTypeConstraints(json);
    return [constraints.requiredLabels(type), constraints.preferredLabels(type)];
  };
  test.each<[string, string, readonly (readonly string[])[]]>([
    [
      'are those of the type',
      '{"t":{"required":["a"],"preferred":["b"]},"_default":{"required":["c"]}}',
      [['a'], ['b']],
    ],
    [
      'are else the default',
      '{"u":{"required":["a"]},"_default":{"required":["c"],"preferred":["d"]}}',
      [['c'], ['d']],
    ],
    ['are else none', '{"u":{"required":["a"],"preferred":["b"]}}', [[], []]],
    ['may leave either list out', '{"t":{}}', [[], []]],
  ])('%s', (_rule, json, labels) => {
    expect(labelsOf(json, 't')).toEqual(labels);
  });

  test.each([
    ['{', 'The type constraints are not JSON'],
    ['{"t":{"required":"a"}}', 'The type constraints are malformed at t.required'],
    ['[]', 'The type constraints are malformed at '],
  ])('%s is refused', (json, message) => {
    expect(() => parseTypeConstraints(json)).toThrow(expect.objectContaining({ message }));
  });

  test('without a file are none', () => {
    expect([ANYWHERE.requiredLabels('t'), ANYWHERE.preferredLabels('t')]).toEqual([[], []]);
  });
});

describe('The status of a vmodel', () => {
  const info = (status: ModelStatusInfo['status'], errors: readonly string[] = []): ModelStatusInfo => ({
    status,
    errors,
    copies: [],
  });
  const ids = { owner: 'o', activeModelId: 'a', targetModelId: 't', activeModelStatus: info('LOADED') };
  const of = (failed: boolean, target: ModelStatusInfo, reason?: string, tmid = 't') =>
    vmodelStatus(
      { o: 'o', amid: 'a', tmid, failed, extra: {} },
      { status: (id) => (id === 'a' ? info('LOADED') : target), unplaceable: () => reason },
    );
  test.each([
    [
      'is in transition while the leader tries',
      false,
      info('LOADED', ['e']),
      undefined,
      'TRANSITIONING',
      info('LOADING', ['e']),
    ],
    ['is in transition though a load failed', false, info('LOADING_FAILED'), 'no', 'TRANSITIONING', info('LOADING')],
    [
      'has failed with its load',
      true,
      info('LOADING_FAILED', ['e']),
      'no',
      'TRANSITION_FAILED',
      info('LOADING_FAILED', ['e']),
    ],
    [
      'has failed for want of a place',
      true,
      info('NOT_LOADED', ['e']),
      'no',
      'TRANSITION_FAILED',
      info('LOADING_FAILED', ['no', 'e']),
    ],
    ['has failed before its load was tried', true, info('NOT_LOADED'), undefined, 'TRANSITION_FAILED', info('LOADING')],
    ['has failed while another load runs', true, info('LOADING'), 'no', 'TRANSITION_FAILED', info('LOADING')],
  ])('%s', (_rule, failed, target, reason, status, targetModelStatus) => {
    expect(of(failed, target, reason)).toEqual({ ...ids, status, targetModelStatus });
  });

  test('has no target while that is the active model', () => {
    const defined = { ...ids, targetModelId: 'a', status: 'DEFINED', targetModelStatus: undefined };
    expect(of(true, info('LOADED'), undefined, 'a')).toEqual(defined);
  });
});

describe('A record', () => {
  test('has the information of a model when all of it is equal', () => {
    const given = [INFO, { ...INFO, type: 'x' }, { ...INFO, path: 'x' }, { ...INFO, key: 'x' }];
    expect(given.map((info) => hasInfo(NEW, info))).toEqual([true, false, false, false]);
    const fields = { type: 't', mPath: 'p', encKey: 'k', refs: 0, attempt: 0, lu: 7n, lul: 0n, autoDel: false };
    expect(NEW).toMatchObject(fields);
  });

  test('of an unused model is one hour old when it is wanted now, else six; a given use is never in the future', () => {
    const now = 36_000_000;
    const uses = [
      initialLastUsed(now, true),
      initialLastUsed(now, false),
      initialLastUsed(now, true, 5n),
      initialLastUsed(now, true, 36_000_001n),
    ];
    expect(uses).toEqual([32_400_000n, 14_400_000n, 5n, 36_000_000n]);
  });

  test('names a copy as loaded from the moment of its begin on', () => {
    const of = (instanceIds: Record<string, number>, loadedIn: Record<string, number>) =>
      isLoadedOn(record({ instanceIds, loadedIn }), 'i');
    expect([of({ i: 5 }, { i: 5 }), of({ i: 5 }, { i: 4 }), of({ i: 5 }, {}), of({}, { i: 5 })]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('has the failures of the latest attempt, and the newest of all', () => {
    const failed = record({ attempt: 5, failedIn: { a: 4, b: 5, c: 6 } });
    expect([currentFailures(failed), newestFailure(failed), newestFailure(NEW)]).toEqual([['b', 'c'], 6, 0]);
  });

  test('after a load has the failures of the latest attempt only', () => {
    const fails = { a: { msg: 'a' }, b: { msg: 'b' } };
    expect(loaded(record({ attempt: 5, failedIn: { a: 4, b: 5 }, fails }), 'i', 9)).toEqual(
      record({ attempt: 5, failedIn: { b: 5 }, fails: { b: { msg: 'b' } }, loadedIn: { i: 9 } }),
    );
    expect(loaded(record({ attempt: 5, failedIn: { a: 4 }, fails }), 'i', 9)).toEqual(record({ loadedIn: { i: 9 } }));
  });

  test('after an eviction remembers the latest use and the time', () => {
    const held = record({ lu: 7n, instanceIds: { i: 1, j: 2 }, loadedIn: { i: 3 } });
    const rest = { instanceIds: { j: 2 }, loadedIn: {}, lul: 50n };
    expect([evicted(held, 'i', 8, 50), evicted(held, 'i', 6, 50)]).toEqual([
      record({ ...rest, lu: 8n }),
      record({ ...rest, lu: 7n }),
    ]);
  });
});

describe('The status of a model', () => {
  const live = (ids: string) => ({ isLive: (iid: string) => ids.includes(iid), holds: (iid: string) => iid !== 'c' });
  const held = record({ instanceIds: { a: 1, b: 4, c: 1 }, loadedIn: { a: 2, c: 2 } });
  test.each<[string, ModelRecord, string, ModelStatusInfo['status']]>([
    ['is loaded with one loaded copy', held, 'ab', 'LOADED'],
    ['is loading with a copy that is not loaded', held, 'b', 'LOADING'],
    ['is loading where the instance does not hold the copy', held, 'c', 'LOADING'],
    ['is not loaded where no instance is live', held, '', 'NOT_LOADED'],
    ['is failed where no instance is live and one failed', { ...held, failedIn: { a: 1 } }, '', 'LOADING_FAILED'],
  ])('%s', (_rule, model, ids, status) => {
    expect(modelStatus('m', model, live(ids)).status).toBe(status);
    expect(isLoaded('m', model, live(ids))).toBe(status === 'LOADED');
  });

  test('lists copies and errors, the newest first', () => {
    const model = { ...held, failedIn: { x: 2, y: 3 }, fails: { x: { msg: 'ex' }, y: { msg: 'ey' } } };
    const copy = (location: string, status: string, time: number) => ({ location, status, time });
    expect(modelStatus('m', model, live('ab'))).toEqual({
      status: 'LOADED',
      errors: ['ey', 'ex'],
      copies: [
        copy('b', 'UNKNOWN', 4),
        copy('y', 'LOADING_FAILED', 3),
        copy('x', 'LOADING_FAILED', 2),
        copy('a', 'UNKNOWN', 1),
      ],
    });
    expect(liveCopies(model, live('ab'))).toEqual(['a', 'b']);
  });

  test('as placement sees it has live copies and current failures', () => {
    const model = { ...held, attempt: 2, failedIn: { x: 1, y: 2 } };
    expect(modelView('m', model, 9, (iid) => iid !== 'c')).toEqual({
      id: 'm',
      type: 't',
      units: 9,
      lastUsed: 7,
      copies: [
        { instance: 'a', since: 1, loadedAt: 2 },
        { instance: 'b', since: 4, loadedAt: undefined },
      ],
      failures: [{ instance: 'y', at: 2 }],
    });
  });
});

describe('A load', () => {
  const instance = { zone: '', node: '', capacity: 100, used: 0, models: 0, threads: 1, rpm: 0, loading: 0 };
  const context = (
    ...instances: readonly { readonly id: string; draining?: boolean; labels?: string[] }[]
  ): LoadContext => ({
    now: 50,
    units: 1,
    backoffMs: 10,
    view: {
      instances: instances.map((each) => ({ labels: [], draining: false, ...instance, ...each })),
      types: { requiredLabels: () => ['l'], preferredLabels: () => [] },
      defaultUnits: 1,
      loadTimeoutMs: 1_000,
    },
  });
  const unplaceable = 'There are no running instances that meet the label requirements of type t: [l]';

  test.each([
    ['no instance has the labels', [{ id: 'a' }], unplaceable],
    ['the only instance with them is draining', [{ id: 'a', labels: ['l'], draining: true }], unplaceable],
    ['an instance with them is full', [{ id: 'a' }, { id: 'b', labels: ['l'] }], 'Nowhere available to load: no-space'],
  ])('has no place: %s', (_rule, instances, message) => {
    expect(noPlaceMessage('t', 'no-space', context(...instances))).toBe(message);
  });

  test('that failed is tried on the next instance, unless another copy is there', () => {
    const failing = record({ instanceIds: { a: 1 }, loadedIn: { a: 0 } });
    const two = context({ id: 'a', labels: ['l'] }, { id: 'b', labels: ['l'] });
    const failure = { failedIn: { a: 50 }, fails: { a: { msg: 'boom' } } };
    expect(loadFailed('m', failing, 'a', 'boom', two)).toEqual(
      record({ ...failure, instanceIds: { b: 50 }, loadedIn: { b: 0 } }),
    );
    expect(loadFailed('m', failing, 'a', 'boom', context({ id: 'a', labels: ['l'] }))).toEqual(record(failure));
    const both = record({ instanceIds: { a: 1, b: 2 } });
    expect(loadFailed('m', both, 'a', 'boom', two)).toEqual(record({ ...failure, instanceIds: { b: 2 } }));
  });
});
