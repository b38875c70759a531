import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { waitFor } from '@meshkeeper/sandbox';
import { onTestEnd } from '@meshkeeper/testing';
import { recordSource, type SourceObserver } from '../src/index.ts';
import { FakeServer } from './fake-feed.ts';
import { LogBench, SOURCE, startTestRedis, type TestRedis } from './log-bench.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

type Watcher = { readonly failures: string[]; stop(): Promise<void> };

/** One watcher at work; `queued` is what it put into the queue. */
function startWatcher(bench: LogBench, server: FakeServer, queued: Set<string>, relistEveryMs?: number): Watcher {
  const stopping = new AbortController();
  const failures: string[] = [];
  const observer: SourceObserver = {
    recorded() {},
    listed() {},
    failed: (_source, reason) => void failures.push(reason),
    alive() {},
  };
  const queue = { enqueue: async (keys: readonly string[]): Promise<void> => keys.forEach((key) => queued.add(key)) };
  const done = recordSource({
    feed: server.feed(),
    recorder: bench.recorder,
    queue,
    observer,
    signal: stopping.signal,
    ...(relistEveryMs === undefined ? {} : { relistEveryMs }),
  });
  return {
    failures,
    async stop(): Promise<void> {
      stopping.abort();
      await done;
    },
  };
}

class Scene {
  readonly bench = new LogBench(redis.url, { lockDurationMs: 200, tombstones: 2 });
  readonly server = new FakeServer();
  readonly queued = new Set<string>();
  readonly watchers: Watcher[] = [];

  constructor() {
    onTestEnd(async () => {
      await Promise.all(this.watchers.map((watcher) => watcher.stop()));
      this.bench.close();
    });
  }

  watch(relistEveryMs?: number): Watcher {
    const watcher = startWatcher(this.bench, this.server, this.queued, relistEveryMs);
    this.watchers.push(watcher);
    return watcher;
  }

  /** Waits until the view is complete and holds what the server holds. */
  async settled(timeoutMs = 5_000): Promise<void> {
    const same = async (): Promise<boolean> => {
      const { complete } = await this.bench.recorder.sourceState(SOURCE);
      return complete && JSON.stringify(await this.bench.view()) === JSON.stringify(this.server.objects());
    };
    await waitFor(same, { timeoutMs, what: 'the view to hold what the server holds', intervalMs: 10 });
    assert.deepEqual(await this.bench.view(), this.server.objects());
  }

  state(): Promise<object> {
    return this.bench.recorder.sourceState(SOURCE);
  }
}

async function scene(watchers = 1): Promise<Scene> {
  const made = new Scene();
  made.server.put('a', 'b', 'c', 'd', 'e');
  for (let i = 0; i < watchers; i += 1) made.watch();
  await made.settled();
  return made;
}

for (const watchers of [1, 2]) {
  describe(`with ${watchers} at work, a source`, () => {
    test('is listed, then watched, and its keys are queued', async () => {
      const { server, queued, settled } = bound(await scene(watchers));
      server.delete('a');
      server.put('f', 'b');
      await settled();
      const expected = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `thing/${name}`);
      const all = (): boolean => queued.size >= expected.length;
      await waitFor(all, { timeoutMs: 2_000, what: 'all keys to be queued' });
      assert.deepEqual([...queued].sort(), expected);
    });

    test('is listed again within seconds on request', async () => {
      const { bench, server } = bound(await scene(watchers));
      const before = server.lists;
      await bench.redis.hset(bench.keys.source(SOURCE), 'wanted', Date.now());
      await waitFor(async () => server.lists > before && !(await bench.recorder.wantsList(SOURCE)), {
        timeoutMs: 5_000,
        what: 'the list',
      });
    });

    test('ends in the right view after Redis was emptied, though nothing changes', async () => {
      const { bench, settled } = bound(await scene(watchers));
      await bench.redis.flushall();
      await settled();
    });

    test('ends in the right view after Redis was emptied, while things change', async () => {
      const { bench, server, settled } = bound(await scene(watchers));
      await bench.redis.flushall();
      server.delete('a', 'b');
      server.put('c', 'g');
      await settled();
    });

    test('ends in the right view after its last writes were lost', async () => {
      const { bench, server, settled } = bound(await scene(watchers));
      const names = await bench.redis.keys(`${bench.options.prefix}:*`);
      const dumps = await Promise.all(names.map((name) => bench.redis.dumpBuffer(name)));
      server.delete('a', 'b');
      server.put('c', 'g', 'h');
      await settled();
      const restore = bench.redis.multi().del(await bench.redis.keys(`${bench.options.prefix}:*`));
      names.forEach((name, i) => restore.restore(name, 0, dumps[i] ?? ''));
      await restore.exec();
      await settled();
    });

    test('ends in the right view and with the cursor at the head after the cursor was rolled back', async () => {
      const { bench, server, settled, state } = bound(await scene(watchers));
      await bench.redis.hset(bench.keys.source(SOURCE), 'cursor', '2');
      const restored = async (): Promise<boolean> =>
        (await bench.redis.hget(bench.keys.source(SOURCE), 'cursor')) === String(server.head);
      await waitFor(restored, { timeoutMs: 5_000, what: 'the cursor to stand at the head' });
      server.put('f');
      await settled();
      const head = String(server.head);
      assert.deepEqual({ ...(await state()), epoch: '' }, { epoch: '', cursor: head, complete: true, highest: head });
    });

    test('ends in the right view, in the next epoch, after its server was restored or replaced', async () => {
      const { server, settled, state } = bound(await scene(watchers));
      const [first, revision] = [await state(), server.head];
      server.put('f', 'a');
      server.delete('b', 'c');
      await settled();
      server.restore(revision);
      await settled();
      server.put('h');
      await settled();
      server.replace('another', 'b', 'z');
      await settled();
      const epoch = ({ epoch }: { epoch?: string }): number => Number(epoch);
      assert.equal(epoch(await state()) - epoch(first), 2);
    });
  });
}

describe('a source', () => {
  test('of which Redis loses a change is repaired by the next list', async () => {
    const made = new Scene();
    made.server.put('a', 'b');
    made.watch(300);
    await made.settled();
    await made.bench.redis.del(made.bench.keys.view(SOURCE), made.bench.keys.meta(SOURCE));
    await made.settled();
  });

  test('whose server fails reports the reason, keeps its view and continues when the server recovers', async () => {
    const made = await scene();
    const before = await made.bench.view();
    made.server.break(new CallError('Transient', 'It is tired', { code: 'Tired' }));
    const [watcher] = made.watchers;
    await waitFor(() => watcher?.failures.includes('Tired'), { timeoutMs: 3_000, what: 'the reason' });
    made.server.put('f');
    assert.deepEqual(await made.bench.view(), before);
    made.server.broken = undefined;
    await made.settled();
  });

  test('stops while it waits for a new Redis to rest', async () => {
    const bench = new LogBench(redis.url, { lockDurationMs: 600_000 });
    onTestEnd(() => bench.close());
    const watcher = startWatcher(bench, new FakeServer(), new Set());
    const born = (): Promise<number> => bench.redis.exists(bench.keys.born);
    await waitFor(async () => (await born()) === 1, { timeoutMs: 2_000, what: 'the watcher to wait' });
    await watcher.stop();
    assert.deepEqual(watcher.failures, []);
  });
});

/** The scene with methods that can be taken out of it. */
function bound(made: Scene): Pick<Scene, 'bench' | 'server' | 'queued' | 'settled' | 'state'> {
  const { bench, server, queued } = made;
  return { bench, server, queued, settled: () => made.settled(), state: () => made.state() };
}

test('recording waits while Redis accepts no writes, reports why, and continues by itself', async () => {
  const scene = new Scene();
  scene.server.put('a');
  const watcher = scene.watch();
  await scene.settled();
  const { redis: admin } = scene.bench;
  const obstacles = [
    { reason: 'RedisReadOnly', block: ['REPLICAOF', '127.0.0.1', '1'], repair: ['REPLICAOF', 'NO', 'ONE'] },
    {
      reason: 'RedisOutOfMemory',
      block: ['CONFIG', 'SET', 'maxmemory', '1'],
      repair: ['CONFIG', 'SET', 'maxmemory', '0'],
    },
  ];
  for (const { reason, block, repair } of obstacles) {
    await admin.call(block[0] ?? '', ...block.slice(1));
    scene.server.put(`during-${reason}`);
    await waitFor(() => watcher.failures.includes(reason), { timeoutMs: 5_000, what: `the reason ${reason}` });
    await admin.call(repair[0] ?? '', ...repair.slice(1));
    await scene.settled(10_000);
  }
});

test('a source ends right though its restored server has counted on past the cursor', async () => {
  const scene = new Scene();
  scene.server.put('kept', 'lost');
  scene.watch();
  await scene.settled();
  const { head } = scene.server;
  scene.server.restore(head - 1);
  scene.server.put('other', 'another');
  await scene.settled();
  assert.ok(scene.server.head > head);
});
