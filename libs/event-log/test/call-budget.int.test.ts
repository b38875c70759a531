import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallBudget } from '@meshkeeper/domain';
import { onTestEnd } from '@meshkeeper/testing';
import { connectRedis, createCallBudget } from '../src/index.ts';
import { startTestRedis, type TestRedis } from './log-bench.ts';

const PER_SECOND = 200;
const MESH = 'team-a';
let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

/** So many processes with one budget. */
function open(processes: number): readonly CallBudget[] {
  const prefix = `{${randomUUID().slice(0, 8)}}`;
  return Array.from({ length: processes }, () => {
    const redis = connectRedis({ url: server.url });
    onTestEnd(() => redis.disconnect());
    return createCallBudget({ redis, prefix, perSecond: PER_SECOND });
  });
}

function openOne(): CallBudget {
  const [budget] = open(1);
  assert.ok(budget);
  return budget;
}

/** Asks again after each wait, at whichever process has time, as a work key does. Gives when it was let through, ms. */
async function callWhenAllowed(budgets: readonly CallBudget[], caller: string, lateMs = 0): Promise<number> {
  for (;;) {
    const budget = budgets[Math.floor(Math.random() * budgets.length)];
    const waitMs = (await budget?.take(MESH, caller)) ?? 0;
    if (waitMs === 0) return performance.now();
    await delay(waitMs + Math.random() * lateMs);
  }
}

/** The most calls in any second. */
function busiestSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(...sorted.map((from, i) => sorted.slice(i).filter((time) => time < from + 1_000).length));
}

async function evalCalls(): Promise<number> {
  const redis = connectRedis({ url: server.url });
  try {
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  } finally {
    redis.disconnect();
  }
}

const callers = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `caller-${i}`);

describe('a budget of calls', () => {
  test('lets a few calls through immediately, separately for each mesh', async () => {
    const budget = openOne();
    for (const mesh of ['a', 'b']) {
      const waits = await Promise.all(callers(30).map((caller) => budget.take(mesh, caller)));
      const waited = waits.filter((wait) => wait > 0);
      assert.ok(waited.length >= 8 && waited.length <= 10, `${waited.length} of 30 had to wait`);
    }
  });

  test('of two processes lets no second have more, and everybody has its turn', async () => {
    const budgets = open(2);
    const before = await evalCalls();
    const started = performance.now();
    const times = await Promise.all(callers(1_000).map((caller) => callWhenAllowed(budgets, caller)));
    const busiest = busiestSecond(times);
    // What Redis lets through at one time may be heard of a little later.
    assert.ok(busiest <= PER_SECOND + 10, `${busiest} calls in a second`);
    const seconds = (Math.max(...times) - started) / 1_000;
    assert.ok(seconds > 4.9 && seconds < 9, `all had their turn after ${seconds} s`);
    const asked = (await evalCalls()) - before;
    assert.ok(asked < 2_000, `Redis was asked ${asked} times`);
  });

  test('holds, and no caller starves, even if all are late and more keep coming', async () => {
    const budgets = open(2);
    const first = callers(300).map((caller) => callWhenAllowed(budgets, caller, 500));
    const pushing = callers(300).map(async (caller, i) => {
      await delay(i * 5);
      return callWhenAllowed(budgets, `late-${caller}`, 500);
    });
    const times = await Promise.all([...first, ...pushing]);
    const busiest = busiestSecond(times);
    assert.ok(busiest <= PER_SECOND + 10, `${busiest} calls in a second`);
    const firstDone = Math.max(...times.slice(0, 300)) - Math.min(...times);
    assert.ok(firstDone < 5_000, `the first 300 were served after ${firstDone} ms`);
  });

  test('keeps the turn of one who asks too early, and forgets who does not come', async () => {
    const budget = openOne();
    await Promise.all(callers(20).map((caller) => budget.take(MESH, caller)));
    const gone = await Promise.all(callers(40).map((caller) => budget.take(MESH, `gone-${caller}`)));
    assert.ok(gone.some((wait) => wait > 0));
    const [first, again] = [await budget.take(MESH, 'x'), await budget.take(MESH, 'x')];
    assert.ok(first >= again && again > 0, `first ${first} ms, then ${again} ms`);
    await delay(first);
    assert.equal(await budget.take(MESH, 'x'), 0);
  });

  test('is for all where a few do not come for their turn', async () => {
    const budget = openOne();
    const waits = await Promise.all(callers(25).map((caller) => budget.take(MESH, caller)));
    assert.ok(waits.some((wait) => wait > 0));
    await delay(300);
    assert.equal(await budget.take(MESH, 'new'), 0);
  });

  test('cannot be had of a Redis that is away', async () => {
    const redis = connectRedis({ url: server.url });
    const budget = createCallBudget({ redis, prefix: '{x}', perSecond: PER_SECOND });
    redis.disconnect();
    await assert.rejects(budget.take(MESH, 'a'), { kind: 'Transient' });
    await assert.rejects(budget.take(MESH, 'a'), { kind: 'Transient' });
  });
});
