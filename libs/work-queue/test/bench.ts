import { randomUUID } from 'node:crypto';
import type { Change, RunLedger } from '@meshkeeper/domain';
import { connectRedis, createRunLedger, initialiseLog, Recorder } from '@meshkeeper/event-log';
import {
  createDueQueue,
  QUEUE_NAMES,
  startSweeper,
  startWorker,
  type DueQueue,
  type HandleRun,
  type RetryPolicy,
  type WorkQueueWorker,
} from '../src/index.ts';

export const LOCK_MS = 1_000;
const SOURCE = 'things';
type Redis = ReturnType<typeof connectRedis>;

export type Retried = { readonly key: string; readonly delayMs: number; readonly dead: boolean };
export type WorkerSettings = { readonly concurrency?: number; readonly retryPolicy?: RetryPolicy };

/** A queue of its own on a shared Redis, with the real run ledger, and what its observers received. */
export class Bench {
  readonly redis: Redis;
  readonly prefix: string;
  readonly queue: DueQueue;
  readonly ledger: RunLedger;
  readonly retried: Retried[] = [];
  readonly outcomes: string[] = [];
  readonly #recorder: Recorder;
  readonly #running: { stop(): Promise<void> }[] = [];
  #epoch = '';
  #revision = 1;

  private constructor(url: string) {
    this.redis = connectRedis({ url });
    this.prefix = `{${randomUUID().slice(0, 8)}}`;
    const options = { redis: this.redis, prefix: this.prefix, queue: QUEUE_NAMES.main, form: 1, lockDurationMs: 0 };
    this.queue = createDueQueue({ redis: this.redis, prefix: this.prefix });
    this.ledger = createRunLedger(options);
    this.#recorder = new Recorder(options);
  }

  static async open(url: string): Promise<Bench> {
    const bench = new Bench(url);
    await initialiseLog(bench.redis, bench.prefix);
    const opened = await bench.#recorder.openSource(
      SOURCE,
      { identity: 'server', head: '1' },
      { epoch: '', highest: '' },
    );
    if (opened.status !== 'ok') throw new Error(`The source was not opened: ${opened.status}`);
    bench.#epoch = opened.epoch;
    const list = { id: 'list', pages: 0, revision: '1' };
    await bench.#recorder.recordPage(SOURCE, opened.epoch, list, []);
    await bench.#recorder.finishList(SOURCE, opened.epoch, { ...list, pages: 1 });
    return bench;
  }

  /** Marks the keys due and does not queue them, as a watcher that dies in between. Gives those that want queueing. */
  async mark(...keys: readonly string[]): Promise<readonly string[]> {
    this.#revision += 1;
    const recorded = await this.#recorder.recordWatch(SOURCE, this.#epoch, '1', String(this.#revision), [
      changeOf(String(this.#revision), keys),
    ]);
    if (recorded.status !== 'ok') throw new Error(`The change was not recorded: ${recorded.status}`);
    return recorded.keys;
  }

  /** One change that concerns these keys, recorded and queued as a watcher does. */
  async change(...keys: readonly string[]): Promise<void> {
    await this.queue.enqueue(await this.mark(...keys));
  }

  /** As `change`, but queues each key again although a job represents it already. */
  async changeAndAdd(...keys: readonly string[]): Promise<void> {
    await this.mark(...keys);
    await this.queue.enqueue(keys);
  }

  work(handle: HandleRun, settings: WorkerSettings = {}): WorkQueueWorker {
    const worker = startWorker({
      redis: this.redis,
      prefix: this.prefix,
      queue: this.queue,
      ledger: this.ledger,
      handle,
      concurrency: settings.concurrency ?? 10,
      lockDurationMs: LOCK_MS,
      ...(settings.retryPolicy === undefined ? {} : { retryPolicy: settings.retryPolicy }),
      observer: {
        started: () => undefined,
        finished: (key, outcome) => void this.outcomes.push(`${key} ${outcome}`),
        retried: (key, _error, delayMs, dead) => void this.retried.push({ key, delayMs, dead }),
        failed: () => undefined,
      },
    });
    this.#running.push(worker);
    return worker;
  }

  sweep(): void {
    const sweeper = startSweeper({
      ledger: this.ledger,
      queue: this.queue,
      expandPatterns: (use) => this.#recorder.expandPatterns(use),
      observer: { swept: () => undefined, failed: () => undefined },
      everyMs: 500,
    });
    this.#running.push(sweeper);
  }

  /** Takes the locks of all running jobs away, as Redis does from a process that was frozen for too long. */
  async loseLocks(): Promise<number> {
    const locks = await this.redis.keys(`${this.prefix}:${QUEUE_NAMES.main}:*:lock`);
    return locks.length === 0 ? 0 : this.redis.del(...locks);
  }

  async deadLetters(): Promise<readonly { readonly key: string; readonly failures: number }[]> {
    const jobs = (await this.queue.queues[2]?.getJobs()) ?? [];
    return jobs
      .map(({ data }) => data as { key: string; failures: number })
      .map(({ key, failures }) => ({ key, failures }));
  }

  /** Nothing waits or runs, and nothing is due. */
  async isIdle(): Promise<boolean> {
    const counts = await this.queue.counts();
    const due = await this.redis.zcard(`${this.prefix}:due`);
    return due === 0 && Object.values(counts).every((count) => count === 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((each) => each.stop()));
    await this.queue.stop();
    this.redis.disconnect();
  }
}

function changeOf(revision: string, keys: readonly string[]): Change {
  const nothing = { namespace: 'n', body: '{}', facts: '', wakes: [], indexes: [] } as const;
  return { ...nothing, op: 'put', name: `thing-${revision}`, revision, keys };
}
