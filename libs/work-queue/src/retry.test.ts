import assert from 'node:assert/strict';
import { CallError, type CallErrorKind } from '@meshkeeper/domain';
import { retryFor, type RetryPolicy } from './retry.ts';

const POLICY: RetryPolicy = { baseMs: 100, capMs: 1_000, terminalMs: 300_000, deadAfter: 4 };
const of = (kind: CallErrorKind, retryAfterMs?: number): CallError =>
  new CallError(kind, 'no', retryAfterMs === undefined ? {} : { retryAfterMs });

/** The delays after the first six failures in a row. */
function delays(error: unknown, policy = POLICY): readonly number[] {
  return [1, 2, 3, 4, 5, 6].map((failures) => retryFor(error, failures, failures, policy).delayMs);
}

describe('the pause after a failed run', () => {
  test('doubles up to its cap when the error may pass', () => {
    assert.deepEqual(delays(of('Transient')), [100, 200, 400, 800, 1_000, 1_000]);
  });

  test('of an unclassified error is that of a transient one', () => {
    assert.deepEqual(delays(new TypeError('a defect')), delays(of('Transient')));
  });

  test('is short once when the world has moved, and backs off when it keeps moving', () => {
    const expected = [10, 200, 400, 800, 1_000, 1_000];
    assert.deepEqual([delays(of('Conflict')), delays(of('Gone'))], [expected, expected]);
  });

  test('counts from the last change that the key was marked for, not from the first failure', () => {
    assert.deepEqual(retryFor(of('Transient'), 1, 3, POLICY), { delayMs: 100, dead: false });
  });

  test('is long when only a change can help', () => {
    assert.deepEqual(delays(of('Terminal')), Array(6).fill(300_000));
  });

  test('is never shorter than the server requested', () => {
    assert.deepEqual(delays(of('Transient', 500)), [500, 500, 500, 800, 1_000, 1_000]);
  });

  test('stays a number after very many failures', () => {
    assert.equal(retryFor(of('Transient'), 100_000, 100_000, POLICY).delayMs, 1_000);
  });

  test('does not depend on whether the key counts as dead, which it does from a given number of failures', () => {
    const dead = ['Transient', 'Conflict', 'Gone', 'Terminal'] as const;
    assert.deepEqual(
      dead.map((kind) => [3, 4, 5].map((failures) => retryFor(of(kind), 1, failures, POLICY).dead)),
      dead.map(() => [false, true, true]),
    );
  });
});
