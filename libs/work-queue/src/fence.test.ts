import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { Fence } from './fence.ts';

const HOUR = 3_600_000;

/** What a guarded step sees: whether it may write, and whether its calls are aborted. */
function stateOf(fence: Fence): { readonly guard: string; readonly aborted: boolean } {
  try {
    fence.guard();
    return { guard: 'open', aborted: fence.signal.aborted };
  } catch (error) {
    assert.ok(error instanceof CallError);
    return { guard: `${error.kind} ${error.code}`, aborted: fence.signal.aborted };
  }
}

const OPEN = { guard: 'open', aborted: false };
const CLOSED = { guard: 'Conflict LostLock', aborted: true };

describe('a fence', () => {
  test('lets a run write while its lock holds', () => {
    assert.deepEqual(stateOf(new Fence(HOUR)), OPEN);
  });

  test('lets no run write once its time is up, and ends the calls of that run', () => {
    assert.deepEqual(stateOf(new Fence(0)), CLOSED);
  });

  test('counts a renewal from when it was sent, not from when it was answered', () => {
    const late = new Fence(0);
    late.extend(performance.now() - HOUR, HOUR - 1);
    const fresh = new Fence(0);
    fresh.extend(performance.now(), HOUR);
    assert.deepEqual([stateOf(late), stateOf(fresh)], [CLOSED, OPEN]);
  });

  test('never shrinks by a renewal that was answered late', () => {
    const fence = new Fence(HOUR);
    fence.extend(performance.now() - HOUR, 1);
    assert.deepEqual(stateOf(fence), OPEN);
  });

  test('stays closed once closed, whatever renewal is answered afterwards', () => {
    const fence = new Fence(HOUR);
    fence.close();
    fence.extend(performance.now(), HOUR);
    assert.deepEqual({ ...stateOf(fence), isOpen: fence.isOpen }, { ...CLOSED, isOpen: false });
  });
});
