import { type RedisServer, startRedis, waitFor } from '@meshkeeper/sandbox';
import type { HandleRun, RunContext, RunResult } from '../src/index.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.ts';

export const DONE: RunResult = { lookAgainMs: undefined, gone: false };

/** Times in ms since the first run, with which each run of a handler began, by key. */
class Runs {
  readonly starts: { readonly key: string; readonly at: number }[] = [];

  note({ key }: RunContext): number {
    this.starts.push({ key, at: performance.now() });
    return this.of(key);
  }

  of(key: string): number {
    return this.starts.filter((run) => run.key === key).length;
  }

  async reach(key: string, count: number, timeoutMs = 8_000): Promise<void> {
    await waitFor(() => this.of(key) >= count, { timeoutMs, what: `run ${count} of ${key}`, intervalMs: 5 });
  }

  /** The pauses between the starts of all runs, ms. */
  pauses(): readonly number[] {
    return this.starts.slice(1).map(({ at }, i) => at - (this.starts[i]?.at ?? 0));
  }

  get keys(): readonly string[] {
    return this.starts.map(({ key }) => key);
  }
}

/** A door that handlers wait at until the test opens it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

export function idle(bench: Bench): Promise<unknown> {
  return waitFor(() => bench.isIdle(), { timeoutMs: 10_000, what: 'the queue to be empty' });
}

export const compare = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));

/** A Redis in a folder of its own, for the tests of a file. */
export class TestRedis {
  readonly folder = mkdtempSync(join(tmpdir(), 'meshkeeper-queue-'));
  server!: RedisServer;

  async start(): Promise<void> {
    this.server = await startRedis({ folder: this.folder });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function useRedis(): TestRedis {
  const redis = new TestRedis();
  beforeAll(() => redis.start());
  afterAll(() => redis.stop());
  return redis;
}

/** A queue, and the runs on it. */
class QueueFixture {
  bench!: Bench;
  runs = new Runs();

  /** A handler that counts its runs; `then` gets the number of this one of its key. */
  counted(then: (context: RunContext, count: number) => Promise<RunResult> | RunResult = () => DONE): HandleRun {
    return async (context) => then(context, this.runs.note(context));
  }
}

/** A fresh queue for each test of a file. */
export function useQueue(): QueueFixture {
  const redis = useRedis();
  const queue = new QueueFixture();
  beforeEach(async () => {
    queue.bench = await Bench.open(redis.server.url);
    queue.runs = new Runs();
  });
  afterEach(() => queue.bench.close());
  return queue;
}
