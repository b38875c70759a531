import assert from 'node:assert/strict';
import { onTestEnd } from '@meshkeeper/testing';
import { createDeletionBrake } from '../src/index.ts';
import { LogBench, put, SOURCE, startTestRedis, type TestRedis } from './log-bench.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

/** A namespace with so many VModels, and a clock to set. */
async function scene(vmodels: number) {
  const clock = { now: 1_000_000 };
  const bench = await LogBench.open(redis.url, { now: () => clock.now });
  onTestEnd(() => bench.close());
  const changes = Array.from({ length: vmodels }, (_, i) =>
    put(`v${i}`, i + 2, { indexes: [`vmodels:ns isvc/v${i}`] }),
  );
  await bench.watch(1, vmodels + 1, ...changes);
  const brake = createDeletionBrake(bench.options);
  const answers = async (count: number): Promise<readonly string[]> => {
    const given: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const answer = await brake.permit('ns', SOURCE);
      // What may go goes.
      if (answer === 'go') await bench.redis.zremrangebyrank(bench.keys.index('vmodels:ns'), 0, 0);
      given.push(answer);
    }
    return [...new Set(given)];
  };
  const list = (startedAt: number): Promise<unknown> =>
    bench.recorder.finishList(SOURCE, bench.epoch, { id: `list-${startedAt}`, pages: 0, revision: '1' }, startedAt);
  return { clock, bench, brake, answers, list };
}

describe('the brake on mass deletions', () => {
  test('lets a few go, however large their share', async () => {
    const { answers } = await scene(20);
    assert.deepEqual(await answers(19), ['go']);
  });

  test('closes at more than a fifth of at least twenty, and says so once', async () => {
    const { answers, brake } = await scene(200);
    assert.deepEqual(await answers(40), ['go']);
    assert.deepEqual([await brake.permit('ns', SOURCE), await brake.permit('ns', SOURCE)], ['held', 'wait']);
  });

  test('holds up no other namespace', async () => {
    const { answers, brake } = await scene(30);
    await answers(20);
    assert.equal(await brake.permit('other', SOURCE), 'go');
  });

  test('requests a list, and opens once one that began later is complete', async () => {
    const { answers, bench, list, clock } = await scene(30);
    await list(clock.now - 1);
    await answers(19);
    assert.deepEqual([await bench.recorder.wantsList(SOURCE), await answers(1)], [false, ['held']]);
    assert.equal(await bench.recorder.wantsList(SOURCE), true);
    await list(clock.now);
    assert.deepEqual(await answers(1), ['wait']);
    await list(clock.now + 1);
    assert.deepEqual([await answers(11), await bench.recorder.wantsList(SOURCE)], [['go'], false]);
  });

  test('forgets what went more than a minute ago', async () => {
    const { answers, clock } = await scene(30);
    assert.deepEqual(await answers(19), ['go']);
    clock.now += 60_001;
    assert.deepEqual(await answers(19), ['go']);
  });
});
