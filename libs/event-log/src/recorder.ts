import {
  CallError,
  EVERY_KEY,
  type Change,
  type Effect,
  type EffectLog,
  type ServerHead,
  type SourceState,
} from '@meshkeeper/domain';
import type { Redis } from 'ioredis';
import { redisError } from './redis-error.ts';
import { redisKeys } from './redis-keys.ts';
import { asTexts, RedisScript, type RedisReply } from './redis-script.ts';

export type EventLogOptions = {
  readonly redis: Redis;
  readonly prefix: string;
  /** Name of the queue whose jobs represent due keys. */
  readonly queue: string;
  /** The form of the reduced body that this program writes and reads; a newer one starts the next epoch. */
  readonly form: number;
  /** How long a worker of a lost Redis may still hold a run, ms. */
  readonly lockDurationMs: number;
  readonly logLength?: number;
  readonly tombstones?: number;
  readonly now?: () => number;
};

/** `highest` is the highest revision that anything is known of, our own writes included. */
export type StoredSource = SourceState & { readonly highest: string };

/** What was stored before the server was asked; only it makes a late caller harmless. */
export type SeenState = Pick<StoredSource, 'epoch' | 'highest'>;

export type Opened =
  | { readonly status: 'ok'; readonly epoch: string; readonly cursor: string; readonly complete: boolean }
  | { readonly status: 'wait'; readonly waitMs: number }
  | { readonly status: 'moved' | 'form' };

export type Recorded = {
  /** `epoch`, `ahead` and `no-cursor`: refused; nothing was recorded, resume from what is stored. */
  readonly status: 'ok' | 'epoch' | 'ahead' | 'no-cursor';
  readonly recorded: number;
  /** Due and not in the queue. */
  readonly keys: readonly string[];
};

const scripts = {
  record: new RedisScript('record'),
  open: new RedisScript('open-source'),
  finishList: new RedisScript('finish-list'),
  expand: new RedisScript('expand'),
};
const EXPAND_BUDGET = 1_000;

/** Step 2 of the path: appends changes to the log and folds them into the view, atomically and once. */
export class Recorder implements EffectLog {
  readonly #options: EventLogOptions;
  readonly #keys: ReturnType<typeof redisKeys>;
  readonly #now: () => number;

  constructor(options: EventLogOptions) {
    this.#options = options;
    this.#keys = redisKeys(options.prefix);
    this.#now = options.now ?? Date.now;
  }

  /** What is stored of a source; empty texts when nothing is. */
  async sourceState(source: string): Promise<StoredSource> {
    const { redis } = this.#options;
    const stored = await redis
      .hmget(this.#keys.source(source), 'epoch', 'cursor', 'complete', 'highest')
      .catch((error: unknown) => {
        throw redisError(error);
      });
    return { epoch: stored[0] ?? '', cursor: stored[1] ?? '', complete: stored[2] === '1', highest: stored[3] ?? '' };
  }

  /** True when a list was requested and none has been recorded since. */
  async wantsList(source: string): Promise<boolean> {
    const stored = await this.#options.redis
      .hmget(this.#keys.source(source), 'wanted', 'listed')
      .catch((error: unknown) => {
        throw redisError(error);
      });
    return stored[0] !== null && Number(stored[0]) >= Number(stored[1] ?? '0');
  }

  async openSource(source: string, server: ServerHead, seen: SeenState): Promise<Opened> {
    const { redis, prefix, form, lockDurationMs } = this.#options;
    const argument = { prefix, source, ...server, form, seen: { ...seen }, now: this.#now(), lockDurationMs };
    const [status, epoch = '', cursor = '', complete] = asTexts(
      await scripts.open.run(redis, [this.#keys.source(source)], argument),
    );
    if (status === 'ok') return { status, epoch, cursor, complete: complete === '1' };
    if (status === 'wait') return { status, waitMs: Number(epoch) };
    return { status: status === 'form' ? 'form' : 'moved' };
  }

  /** Records what came after the cursor `from`. An empty batch asks whether Redis still stands where we think it does. */
  recordWatch(source: string, epoch: string, from: string, to: string, changes: readonly Change[]): Promise<Recorded> {
    return this.#record(source, { epoch, mode: 'watch', from, to, changes });
  }

  /** Records one page of a list; `pages` is the number of pages of it recorded before. */
  recordPage(source: string, epoch: string, list: ListPosition, changes: readonly Change[]): Promise<Recorded> {
    const { id, pages, revision } = list;
    return this.#record(source, { epoch, mode: 'list', list: id, pages, listRevision: revision, changes });
  }

  async recordEffect(source: string, epoch: string, effect: Effect, change: Change): Promise<readonly string[]> {
    const batch = { epoch, mode: 'effect', running: effect.key, effect: JSON.stringify(effect), changes: [change] };
    return (await this.#record(source, batch)).keys;
  }

  /** `startedAt` is when the list began, epoch ms: it answers requests made before then. */
  async finishList(
    source: string,
    epoch: string,
    list: ListPosition,
    startedAt = this.#now(),
  ): Promise<'ok' | 'epoch' | 'ahead'> {
    const { redis, prefix, tombstones = 10_000 } = this.#options;
    const patterns = EVERY_KEY;
    const argument = { prefix, source, epoch, list, tombstones, now: this.#now(), startedAt, patterns };
    const status = await scripts.finishList.run(redis, [this.#keys.source(source)], argument);
    return status as 'ok' | 'epoch' | 'ahead';
  }

  /** All objects of a source that the view holds, in pages of `namespace/name`: a list's end compares with them. */
  async *objectNames(source: string): AsyncGenerator<readonly string[]> {
    let cursor = '0';
    do {
      const [next, fields] = await this.#options.redis
        .hscan(this.#keys.meta(source), cursor, 'COUNT', 1_000)
        .catch((error: unknown) => {
          throw redisError(error);
        });
      cursor = next;
      yield fields.filter((_, i) => i % 2 === 0);
    } while (cursor !== '0');
  }

  /** Marks what patterns still owe, a page at a time; hands each page of keys that want queueing to `use`. */
  async expandPatterns(use: (keys: readonly string[]) => Promise<void>): Promise<void> {
    const { redis, prefix, queue } = this.#options;
    for (let pending = true; pending;) {
      const argument = { prefix, queue, now: this.#now(), budget: EXPAND_BUDGET };
      const [more, ...keys] = asTexts(await scripts.expand.run(redis, [this.#keys.patterns], argument));
      await use(keys);
      pending = more === '1';
    }
  }

  async #record(source: string, batch: Readonly<Record<string, unknown>>): Promise<Recorded> {
    const { redis, prefix, queue, logLength = 50_000 } = this.#options;
    const argument = { prefix, source, queue, now: this.#now(), logLength, ...batch };
    return this.#recorded(await scripts.record.run(redis, [this.#keys.source(source)], argument));
  }

  async #recorded(reply: RedisReply): Promise<Recorded> {
    const [status, , recorded, pending, ...keys] = asTexts(reply);
    if (status === 'epoch' || status === 'ahead' || status === 'no-cursor') return { status, recorded: 0, keys: [] };
    if (status !== 'ok') throw new CallError('Terminal', `The recording script answered ${status}`);
    const all = [...keys];
    if (pending === '1') {
      await this.expandPatterns(async (more) => {
        all.push(...more);
      });
    }
    return { status, recorded: Number(recorded), keys: all };
  }
}

export type ListPosition = { readonly id: string; readonly pages: number; readonly revision: string };
