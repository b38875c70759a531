import assert from 'node:assert/strict';
import type { ModelRecord } from '@meshkeeper/modelmesh';
import { modelStatus, type Liveness } from './model-status.ts';
import { initialLastUsed, newModelRecord } from './model-record.ts';
import { decideLoad, loaded, loadFailed, type LoadContext } from './models.ts';
import { pruned } from '../copies/prune.ts';
import { ANYWHERE } from './type-constraints.ts';

const NOW = 1_795_438_130_000;
const MINUTE = 60_000;

function model(more: Partial<ModelRecord> = {}): ModelRecord {
  return { ...newModelRecord({ type: 'mt:sklearn', path: 'p', key: 'k' }, { autoDel: false, lu: 7n }), ...more };
}

function context(more: Partial<LoadContext> = {}): LoadContext {
  return { now: NOW, view: mesh('a', 'b', 'c', 'd'), units: 1, backoffMs: 5_000, ...more };
}

/** Of instances that differ in how full they are, so that placement has an order: the first comes first. */
function mesh(...ids: readonly string[]): LoadContext['view'] {
  const common = { labels: [], zone: '', node: '', draining: false, capacity: 1_000, models: 0, threads: 1, rpm: 0 };
  const instances = ids.map((id, index) => ({ ...common, id, used: 0, loading: index }));
  return { instances, types: ANYWHERE, defaultUnits: 1, loadTimeoutMs: 1_000 };
}

function labelled(): LoadContext['view'] {
  const requiredLabels = () => ['mt:sklearn', 'pv:v2'];
  return { ...mesh('a'), types: { ...ANYWHERE, requiredLabels } };
}

const failures = (...entries: readonly (readonly [string, number])[]) => ({
  failedIn: Object.fromEntries(entries),
  fails: Object.fromEntries(entries.map(([iid]) => [iid, { msg: `on ${iid}` }])),
});

describe('whether and where a model is loaded', () => {
  test('a live copy suffices, one on a dead instance does not', () => {
    assert.deepEqual(decideLoad('m', model({ instanceIds: { a: 1 } }), context()), { kind: 'present' });
    const record = model({ instanceIds: { dead: 1 } });
    const expected = {
      kind: 'assign',
      iid: 'a',
      record: { ...record, instanceIds: { dead: 1, a: NOW }, loadedIn: { a: 0 } },
    };
    assert.deepEqual(decideLoad('m', record, context()), expected);
  });

  test('a fresh failure is the answer, an older one begins a new attempt in which all count as untried', () => {
    const record = model(failures(['a', NOW - 4_000], ['b', NOW - 9_000]));
    assert.deepEqual(decideLoad('m', record, context()), { kind: 'resting' });
    const later = NOW + 2_000;
    assert.deepEqual(decideLoad('m', record, context({ now: later })), {
      kind: 'assign',
      iid: 'a',
      record: {
        ...record,
        ...failures(['b', NOW - 9_000]),
        instanceIds: { a: later },
        loadedIn: { a: 0 },
        attempt: later,
      },
    });
  });

  test('a failure that a copy has come after is no reason to rest', () => {
    const record = model({ ...failures(['a', NOW - 4_000]), lul: BigInt(NOW - 1_000) });
    assert.equal(decideLoad('m', record, context()).kind, 'assign');
  });

  test('last use is written only when it is given', () => {
    const decision = decideLoad('m', model(), context({ lastUsed: 99n }));
    assert.equal(decision.kind === 'assign' && decision.record.lu, 99n);
  });

  test('without an eligible instance the reason names type and labels', () => {
    assert.deepEqual(decideLoad('m', model(), context({ view: labelled() })), {
      kind: 'unplaceable',
      message:
        'There are no running instances that meet the label requirements of type mt:sklearn: [mt:sklearn, pv:v2]',
    });
  });
});

describe('the end of a load', () => {
  test('a failure is written together with the next instance', () => {
    const record = model({ instanceIds: { a: NOW - 100 } });
    const expected = {
      ...record,
      instanceIds: { b: NOW },
      loadedIn: { b: 0 },
      failedIn: { a: NOW },
      fails: { a: { msg: 'boom' } },
    };
    assert.deepEqual(loadFailed('m', record, 'a', 'boom', context()), expected);
  });

  test('three instances are tried and no more', () => {
    let record = model({ instanceIds: { a: NOW } });
    const tried: string[] = [];
    for (let iid = Object.keys(record.instanceIds)[0]; iid !== undefined; iid = Object.keys(record.instanceIds)[0]) {
      tried.push(iid);
      record = loadFailed('m', record, iid, 'boom', context());
    }
    assert.deepEqual(tried, ['a', 'b', 'c']);
  });

  test('in a later attempt old failures do not count', () => {
    const old = model({ ...failures(['b', NOW - MINUTE]), attempt: NOW - 10, instanceIds: { a: NOW - 10 } });
    assert.deepEqual(Object.keys(loadFailed('m', old, 'a', 'boom', context()).instanceIds), ['b']);
  });

  test('no other instance is tried while another live copy exists', () => {
    const record = model({ instanceIds: { a: NOW, b: NOW } });
    assert.deepEqual(loadFailed('m', record, 'a', 'boom', context()).instanceIds, { b: NOW });
  });

  test('success keeps the failures of its own attempt and clears those of earlier ones', () => {
    const record = model({
      ...failures(['b', NOW - MINUTE], ['c', NOW - 5]),
      attempt: NOW - 10,
      instanceIds: { a: NOW - 1 },
    });
    assert.deepEqual(loaded(record, 'a', NOW), { ...record, ...failures(['c', NOW - 5]), loadedIn: { a: NOW } });
    const clean = model({ ...failures(['b', NOW - MINUTE]), attempt: NOW - 10, instanceIds: { a: NOW - 1 } });
    assert.deepEqual(loaded(clean, 'a', NOW), { ...clean, failedIn: {}, fails: {}, attempt: 0, loadedIn: { a: NOW } });
  });
});

describe('the status of a model', () => {
  const ours: Liveness = { isLive: (iid) => iid !== 'dead', holds: () => true };
  const statusOf = (more: Partial<ModelRecord>, liveness = ours) => modelStatus('m', model(more), liveness).status;

  test('follows the copies of live instances, then the failures', () => {
    assert.deepEqual(
      [
        statusOf({}),
        statusOf({ instanceIds: { a: 5 } }),
        statusOf({ instanceIds: { a: 5 }, loadedIn: { a: 6 } }),
        statusOf({ instanceIds: { dead: 5 }, loadedIn: { dead: 6 } }),
        statusOf(failures(['a', 5])),
        statusOf({ ...failures(['a', 5]), instanceIds: { b: 6 } }),
      ],
      ['NOT_LOADED', 'LOADING', 'LOADED', 'NOT_LOADED', 'LOADING_FAILED', 'LOADING'],
    );
  });

  test('an end of load from before the present load does not count', () => {
    assert.equal(statusOf({ instanceIds: { a: 5 }, loadedIn: { a: 4 } }), 'LOADING');
  });

  test('a copy that we know to lack does not count as loaded', () => {
    assert.equal(statusOf({ instanceIds: { a: 5 }, loadedIn: { a: 6 } }, { ...ours, holds: () => false }), 'LOADING');
  });

  test('lists copies and errors newest first, errors also when loaded', () => {
    const record = model({ ...failures(['b', 3], ['c', 9]), instanceIds: { a: 5, dead: 8 }, loadedIn: { a: 6 } });
    assert.deepEqual(modelStatus('m', record, ours), {
      status: 'LOADED',
      errors: ['on c', 'on b'],
      copies: [
        { location: 'c', status: 'LOADING_FAILED', time: 9 },
        { location: 'a', status: 'UNKNOWN', time: 5 },
        { location: 'b', status: 'LOADING_FAILED', time: 3 },
      ],
    });
  });
});

describe('small rules', () => {
  test('the first last use: as given but never in the future, else one or six hours ago', () => {
    const hours = (lu: bigint) => (NOW - Number(lu)) / 3_600_000;
    const uses = [
      initialLastUsed(NOW, true),
      initialLastUsed(NOW, false),
      initialLastUsed(NOW, true, BigInt(NOW) + 5n),
    ];
    assert.deepEqual([...uses.map(hours), initialLastUsed(NOW, false, 9n)], [1, 6, 0, 9n]);
  });

  test('clearing takes copies of gone instances and failures after a quarter of an hour, else leaves the record itself', () => {
    const record = model({
      instanceIds: { a: 1, gone: 2 },
      loadedIn: { gone: 3 },
      ...failures(['x', NOW - 15 * MINUTE], ['y', NOW]),
    });
    const isGone = (iid: string) => iid === 'gone';
    assert.deepEqual(pruned(record, isGone, NOW), {
      ...record,
      instanceIds: { a: 1 },
      loadedIn: {},
      ...failures(['y', NOW]),
    });
    const kept = model({ instanceIds: { a: 1 } });
    assert.equal(pruned(kept, isGone, NOW), kept);
  });
});
