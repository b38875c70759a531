import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pickInstance, type Candidate } from './pick-instance.ts';
import { simulationOf } from './simulated-runtime.ts';
import { ANYWHERE, parseTypeConstraints } from './type-constraints.ts';

const candidate = (iid: string, more: Partial<Candidate> = {}): Candidate => ({
  iid,
  labels: [],
  draining: false,
  models: 0,
  ...more,
});

describe('picking an instance', () => {
  test('takes the one with the fewest models, of equal ones the lowest id', () => {
    const candidates = [candidate('c', { models: 1 }), candidate('b', { models: 1 }), candidate('a', { models: 2 })];
    assert.deepEqual(pickInstance(candidates, [], new Set()), { kind: 'picked', iid: 'b' });
  });

  test('all required labels must be there, and draining instances take nothing', () => {
    const labelled = candidate('a', { labels: ['mt:x', 'pv:v2', 'rt:r'], models: 9 });
    const candidates = [
      candidate('b', { labels: ['mt:x'] }),
      candidate('c', { ...labelled, draining: true }),
      labelled,
    ];
    assert.deepEqual(pickInstance(candidates, ['mt:x', 'pv:v2'], new Set()), { kind: 'picked', iid: 'a' });
  });

  test('nobody eligible and nobody left are different things', () => {
    assert.deepEqual(pickInstance([candidate('a')], ['mt:x'], new Set()), { kind: 'unplaceable' });
    assert.deepEqual(pickInstance([candidate('a')], [], new Set(['a'])), { kind: 'exhausted' });
  });
});

describe('type constraints', () => {
  test('a type that is not named has those of _default', () => {
    const constraints = parseTypeConstraints(
      '{"_default":{"required":["_no_runtime"]},"mt:x|pv:v2":{"required":["mt:x","pv:v2"]}}',
    );
    assert.deepEqual(
      [constraints.requiredLabels('mt:x|pv:v2'), constraints.requiredLabels('mt:y')],
      [['mt:x', 'pv:v2'], ['_no_runtime']],
    );
  });

  test('without a file or a _default a type goes anywhere', () => {
    assert.deepEqual([ANYWHERE.requiredLabels('mt:x'), parseTypeConstraints('{}').requiredLabels('mt:x')], [[], []]);
  });

  test('a malformed file is refused with where it is wrong', () => {
    assert.throws(() => parseTypeConstraints('{'), { message: 'The type constraints are not JSON' });
    assert.throws(() => parseTypeConstraints('{"mt:x":{"required":7}}'), {
      message: 'The type constraints are malformed at mt:x.required',
    });
  });
});

describe('simulated models', () => {
  const defaults = { sizeBytes: 1_048_576, loadMs: 100, unloadMs: 0, failure: undefined };
  const cases = {
    'model.joblib': defaults,
    'FAIL_no such file': { ...defaults, failure: 'no such file' },
    'a/SIZE_8192_50_20/FAIL_boom': { sizeBytes: 8_192, loadMs: 50, unloadMs: 20, failure: 'boom' },
    'FAILAT_5d8f6b-mm001_full': { ...defaults, failure: 'full' },
    'FAILAT_5d8f6b-mm002_full': defaults,
    'NOFAIL_x/SIZE_x': defaults,
  };
  for (const [path, expected] of Object.entries(cases)) {
    test(`path ${path}`, () => assert.deepEqual(simulationOf(path, '5d8f6b-mm001'), expected));
  }
});
