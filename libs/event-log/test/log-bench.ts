import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change, Lease, Run, RunEnd } from '@meshkeeper/domain';
import { startRedis } from '@meshkeeper/sandbox';
import type { Redis } from 'ioredis';
import { onTestEnd } from '@meshkeeper/testing';
import {
  connectRedis,
  createRunLedger,
  foldLog,
  initialiseLog,
  readLog,
  Recorder,
  type EventLogOptions,
} from '../src/index.ts';
import { redisKeys } from '../src/redis-keys.ts';

export const SOURCE = 'things';
export const QUEUE = 'main';
export const SERVER = { identity: 'server', head: '1' };
export const DONE: RunEnd = { ok: true, error: '', deadline: 0, gone: false };

export type TestRedis = { readonly url: string; stop(): Promise<void> };

/** A Redis in a folder of its own, which goes with it. */
export async function startTestRedis(): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-event-log-'));
  const server = await startRedis({ folder });
  return {
    url: server.url,
    async stop(): Promise<void> {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Details = Partial<Omit<Change, 'op' | 'namespace' | 'name' | 'revision'>>;

export function put(name: string, revision: number, details: Details = {}): Change {
  const body = JSON.stringify({ name, at: revision });
  const rest = { body, facts: '', keys: [`thing/${name}`], wakes: [], indexes: [], ...details };
  return { op: 'put', namespace: 'ns', name, revision: String(revision), ...rest };
}

export function absent(name: string, revision: number, details: Details = {}): Change {
  const rest = { body: '', facts: '', keys: [`thing/${name}`], wakes: [], indexes: [], ...details };
  return { op: 'absent', namespace: 'ns', name, revision: String(revision), ...rest };
}

/** What a recorder returns that recorded nothing. */
export const refusedAs = (status: string): object => ({ status, recorded: 0, keys: [] });

/** An event log of its own on a shared Redis, with one source. */
export class LogBench {
  readonly redis: Redis;
  readonly options: EventLogOptions;
  readonly recorder: Recorder;
  readonly keys: ReturnType<typeof redisKeys>;
  epoch = '';

  constructor(url: string, options: Partial<EventLogOptions> = {}) {
    this.redis = connectRedis({ url });
    const prefix = `{${randomUUID().slice(0, 8)}}`;
    this.options = { redis: this.redis, prefix, queue: QUEUE, form: 1, lockDurationMs: 1_000, ...options };
    this.recorder = new Recorder(this.options);
    this.keys = redisKeys(this.options.prefix);
  }

  /** With the source opened at revision 1 and completed by an empty list; nothing is due. */
  static async open(url: string, options: Partial<EventLogOptions> = {}): Promise<LogBench> {
    const bench = new LogBench(url, options);
    await initialiseLog(bench.redis, bench.options.prefix);
    bench.epoch = await bench.reopen();
    await bench.list(1, []);
    return bench;
  }

  /** Opens the source for a server in the given state, and returns the epoch. */
  async reopen(server = SERVER): Promise<string> {
    const opened = await this.recorder.openSource(SOURCE, server, await this.recorder.sourceState(SOURCE));
    if (opened.status !== 'ok') throw new Error(`The source was not opened: ${opened.status}`);
    return opened.epoch;
  }

  watch(from: number, to: number, ...changes: readonly Change[]): ReturnType<Recorder['recordWatch']> {
    return this.recorder.recordWatch(SOURCE, this.epoch, String(from), String(to), changes);
  }

  /** Records a whole list of one page, with the absences of what it lacks. */
  async list(revision: number, changes: readonly Change[], lacks: readonly string[] = []): Promise<number> {
    const list = { id: randomUUID(), pages: 0, revision: String(revision) };
    const all = [...changes, ...lacks.map((name) => absent(name, revision, { keys: [] }))];
    const { recorded } = await this.recorder.recordPage(SOURCE, this.epoch, list, all);
    const finished = await this.recorder.finishList(SOURCE, this.epoch, { ...list, pages: 1 });
    if (finished !== 'ok') throw new Error(`The list was refused: ${finished}`);
    await this.recorder.expandPatterns(async () => {});
    return recorded;
  }

  /** Name of the object, then its revision. */
  async view(): Promise<Readonly<Record<string, string>>> {
    return revisions(Object.entries(await this.redis.hgetall(this.keys.view(SOURCE))));
  }

  async foldedView(): Promise<Readonly<Record<string, string>>> {
    const entries = await Array.fromAsync(readLog(this.redis, this.options.prefix));
    return revisions([...(foldLog(entries).get(SOURCE) ?? [])]);
  }

  /** One line for each entry of the log about an object: kind, name, revision. */
  async log(): Promise<readonly string[]> {
    const entries = await Array.fromAsync(readLog(this.redis, this.options.prefix));
    return entries
      .filter(({ object }) => object !== '/')
      .map(({ kind, object, revision }) => `${kind} ${object} ${revision}`);
  }

  async due(): Promise<readonly string[]> {
    return (await this.redis.zrange(this.keys.due, '0', '-1')).sort();
  }

  /** Forgets what is due, as if every key had run. */
  async settle(): Promise<void> {
    await this.redis.del(this.keys.due);
  }

  async floor(): Promise<string | null> {
    return this.redis.hget(this.keys.source(SOURCE), 'floor');
  }

  /** BullMQ's own keys, as it writes them when a key is queued or a worker takes a job. */
  get #bullmq(): string {
    return `${this.options.prefix}:${QUEUE}:`;
  }

  async enqueue(key: string): Promise<void> {
    await this.redis.set(`${this.#bullmq}de:${key}`, 'job');
  }

  /** The job is finished: its deduplication id is gone. */
  async dequeue(key: string): Promise<void> {
    await this.redis.del(`${this.#bullmq}de:${key}`);
  }

  async lock(jobId: string): Promise<Lease> {
    const token = randomUUID();
    await this.redis.set(`${this.#bullmq}${jobId}:lock`, token);
    return { jobId, token };
  }

  async unlock({ jobId }: Lease): Promise<void> {
    await this.redis.del(`${this.#bullmq}${jobId}:lock`);
  }

  async begin(key: string, lease: Lease): Promise<Run> {
    const begun = await createRunLedger(this.options).begin(key, lease, false);
    if (begun.status !== 'ok') throw new Error(`The run did not begin: ${begun.status}`);
    return begun.run;
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** A Redis for the file's tests; each opens a log of its own on it, which is closed with the test. */
export function useTestLogs(): (options?: Partial<EventLogOptions>) => Promise<LogBench> {
  let server: TestRedis;
  beforeAll(async () => {
    server = await startTestRedis();
  });
  afterAll(() => server.stop());
  return async (options) => {
    const bench = await LogBench.open(server.url, options);
    onTestEnd(() => bench.close());
    return bench;
  };
}

function revisions(stored: readonly (readonly [string, string])[]): Record<string, string> {
  const pairs = stored.map(([object, text]) => [object.slice(object.indexOf('/') + 1), text.split(' ')[0] ?? '']);
  return Object.fromEntries(pairs.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))) as Record<string, string>;
}
