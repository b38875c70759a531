import assert from 'node:assert/strict';
import type { Change } from '@meshkeeper/domain';
import { inBatches, type Batch, type WatchItem } from './batches.ts';

const change = (revision: number): Change => ({
  op: 'put',
  namespace: 'ns',
  name: `o${revision}`,
  revision: String(revision),
  body: '{}',
  facts: '',
  keys: [],
  wakes: [],
  indexes: [],
});

async function* items(count: number, end?: Error): AsyncGenerator<WatchItem> {
  for (let i = 1; i <= count; i += 1) yield { to: String(i), change: change(i) };
  if (end) throw end;
}

async function collect(source: AsyncGenerator<WatchItem>, size: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of inBatches(source, size, new AbortController().signal)) batches.push(batch);
  return batches;
}

describe('batches of a watch', () => {
  test('hold every change once, in order, and never more than their size', async () => {
    const batches = await collect(items(1_234), 100);
    assert.deepEqual(
      batches.flatMap(({ changes }) => changes.map(({ revision }) => Number(revision))),
      Array.from({ length: 1_234 }, (_, i) => i + 1),
    );
    assert.ok(batches.every(({ changes }) => changes.length <= 100));
    assert.ok(batches.every(({ to, changes }) => to === changes.at(-1)?.revision));
  });

  test('give what came before an error, then the error', async () => {
    const got: string[] = [];
    const run = async (): Promise<void> => {
      for await (const { to } of inBatches(items(3, new Error('cut')), 100, new AbortController().signal)) got.push(to);
    };
    await assert.rejects(run(), { message: 'cut' });
    assert.equal(got.at(-1), '3');
  });

  test('of a bookmark move the revision and hold nothing', async () => {
    const bookmark = async function* (): AsyncGenerator<WatchItem> {
      yield { to: '9', change: undefined };
    };
    assert.deepEqual(await collect(bookmark(), 10), [{ to: '9', changes: [] }]);
  });
});
