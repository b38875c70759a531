import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { IndexedHeap } from './indexed-heap.ts';
import { LoadQueue, type LoadCause } from './load-queue.ts';

/** The order in which all that waits gets its slot. */
function order(queue: LoadQueue): readonly string[] {
  const ids: string[] = [];
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    queue.start(next.id);
    queue.end(next.id);
    ids.push(next.id);
  }
  return ids;
}

function queueOf(...loads: readonly (readonly [string, LoadCause])[]): LoadQueue {
  const queue = new LoadQueue(1);
  for (const [index, [id, cause]] of loads.entries()) queue.add(id, cause, index);
  return queue;
}

describe('The load queue', () => {
  test('takes loads for requests first, and within each class the one that waits longest', () => {
    const queue = queueOf(['b1', 'background'], ['r1', 'request'], ['b2', 'background'], ['r2', 'request']);
    assert.deepEqual(order(queue), ['r1', 'r2', 'b1', 'b2']);
  });

  test('keeps the order of arrival within the same millisecond', () => {
    const queue = new LoadQueue(1);
    for (const id of ['c', 'a', 'b']) queue.add(id, 'request', 0);
    assert.deepEqual(order(queue), ['c', 'a', 'b']);
  });

  test('moves a background load up when it is requested', () => {
    const queue = queueOf(['b1', 'background'], ['b2', 'background'], ['r1', 'request'], ['b2', 'request']);
    assert.deepEqual(order(queue), ['r1', 'b2', 'b1']);
  });

  test('does not move a load back when it is queued again', () => {
    const queue = queueOf(['r1', 'request'], ['r2', 'request'], ['r1', 'request'], ['r1', 'background']);
    assert.deepEqual(order(queue), ['r1', 'r2']);
  });

  test('gives the background every fourth slot while requests keep coming', () => {
    const requests = ['r1', 'r2', 'r3', 'r4', 'r5'].map((id) => [id, 'request'] as const);
    const queue = queueOf(['b1', 'background'], ['b2', 'background'], ...requests);
    assert.deepEqual(order(queue), ['r1', 'r2', 'r3', 'b1', 'r4', 'r5', 'b2']);
  });

  test('starts no more than there are slots', () => {
    const queue = new LoadQueue(2);
    for (const id of ['a', 'b', 'c']) queue.add(id, 'request', 0);
    queue.start('a');
    queue.start('b');
    assert.equal(queue.next(), undefined);
    assert.equal(queue.inProgress, 3);
    queue.end('a');
    assert.equal(queue.next()?.id, 'c');
  });

  test('queues a load that runs already no second time', () => {
    const queue = queueOf(['a', 'request']);
    queue.start('a');
    queue.add('a', 'request', 1);
    assert.equal(queue.inProgress, 1);
    queue.end('a');
    assert.equal(queue.has('a'), false);
  });
});

type Simulated = { readonly median: number; readonly worst: number };

/** Loads of 40 to 60 ms on 6 slots. `callers` ask one after another; each its next model once the last is loaded. */
function waits(callers: number, loads: number, backlog: number): Simulated {
  const queue = new LoadQueue(6);
  for (let index = 0; index < backlog; index += 1) queue.add(`b${index}`, 'background', 0);
  const running = new IndexedHeap<{ readonly id: string; readonly ends: number }>((a, b) => a.ends < b.ends);
  const asked = new Map<string, number>();
  const waited: number[] = [];
  let [now, started] = [0, 0];
  const ask = (): void => {
    const id = `r${asked.size}`;
    if (asked.size >= loads) return;
    asked.set(id, now);
    queue.add(id, 'request', now);
  };
  for (let caller = 0; caller < callers; caller += 1) ask();
  for (;;) {
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      queue.start(next.id);
      started += 1;
      running.set({ id: next.id, ends: now + 40 + ((started * 7) % 21) });
    }
    const ended = running.takeFirst();
    if (ended === undefined) break;
    now = ended.ends;
    queue.end(ended.id);
    const since = asked.get(ended.id);
    if (since === undefined) continue;
    waited.push(now - since);
    ask();
  }
  waited.sort((a, b) => a - b);
  return { median: waited[waited.length >> 1] ?? 0, worst: waited.at(-1) ?? 0 };
}

describe('In a burst the worst wait is at most three times the median', () => {
  for (const [callers, backlog] of [
    [16, 0],
    [16, 5_000],
    [1_000, 0],
    [1_000, 5_000],
  ] as const) {
    test(`with ${callers} callers, and ${backlog} loads in the background`, () => {
      const { median, worst } = waits(callers, 1_000, backlog);
      assert.ok(worst <= 3 * median, `median ${median} ms, worst ${worst} ms`);
    });
  }
});

describe('An indexed heap', () => {
  test('gives its items in order, whatever was put in, moved and taken out before', () => {
    const operations = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.option(fc.integer())), { maxLength: 80 });
    const property = (steps: readonly (readonly [number, number | null])[]): void => {
      const heap = new IndexedHeap<{ readonly id: string; readonly key: number }>(
        (a, b) => a.key < b.key || (a.key === b.key && a.id < b.id),
      );
      const expected = new Map<string, number>();
      for (const [number, key] of steps) {
        const id = `i${number}`;
        if (key === null) {
          assert.equal(heap.delete(id)?.key, expected.get(id));
          expected.delete(id);
        } else {
          heap.set({ id, key });
          expected.set(id, key);
        }
        assert.equal(heap.size, expected.size);
      }
      const taken: (readonly [string, number])[] = [];
      for (let item = heap.takeFirst(); item !== undefined; item = heap.takeFirst()) taken.push([item.id, item.key]);
      const sorted = [...expected].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
      assert.deepEqual(taken, sorted);
    };
    fc.assert(fc.property(operations, property));
  });
});
