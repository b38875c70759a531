import { exponentialDelay } from '@meshkeeper/async';
import { setTimeout as delay } from 'node:timers/promises';
import { CallError, classifyError, messageOf, type Change, type DueKeys, type SourceFeed } from '@meshkeeper/domain';
import type { ListPosition, Recorded, Recorder } from './recorder.ts';

/** What a watcher says about its work; each is one metric or log line of the process. */
export type SourceObserver = {
  /** A batch was recorded, or found to be known; an empty one shows that Redis answers and stands where it should. */
  recorded(source: string, changes: number, fresh: number): void;
  listed(source: string, objects: number): void;
  /** `reason` is the error's code, or its class. */
  failed(source: string, reason: string, message: string): void;
  /** The server answered, or the watch moved: the source is fresh now. */
  alive(source: string): void;
};

export type RecordSourceOptions = {
  readonly feed: SourceFeed;
  readonly recorder: Recorder;
  readonly queue: DueKeys;
  readonly observer: SourceObserver;
  readonly signal: AbortSignal;
  /** A list repairs what a watch cannot report. */
  readonly relistEveryMs?: number;
  readonly random?: () => number;
};

const RELIST_EVERY_MS = 30 * 60_000;
const CONFIRM_EVERY_MS = 1_000;
const REOPEN_AFTER_MS = 50;
const BACK_OFF = { firstMs: 200, longestMs: 5_000, jitter: [0.5, 1] } as const;
/** So many changes go into one call to Redis. */
export const BATCH = 500;

type Position = { readonly epoch: string; readonly cursor: string };

/**
 * Steps 1 and 2 for one source, until `signal` aborts: read the head, open the source, list when there is no cursor, watch from
 * the cursor, record each batch, queue what became due. Any failure starts over with back-off; what is recorded stays.
 */
export async function recordSource(options: RecordSourceOptions): Promise<void> {
  const { feed, observer, signal, random = Math.random } = options;
  let failures = 0;
  let lostServer = false;
  while (!signal.aborted) {
    try {
      const position = await openSource(options);
      if (position === undefined) continue;
      // A server that was away may have been restored and its history may have passed our cursor since: only a list can show it.
      await followSource(options, lostServer ? { ...position, cursor: '' } : position, () => {
        failures = 0;
        lostServer = false;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) {
        await pauseFor(REOPEN_AFTER_MS, signal);
        continue;
      }
      failures += 1;
      lostServer ||= !isOurs(error);
      observer.failed(
        feed.source,
        error instanceof CallError ? (error.code ?? error.kind) : 'Unknown',
        messageOf(error),
      );
      const pause = exponentialDelay(failures, { ...BACK_OFF, random });
      await pauseFor(Math.max(pause, (error as CallError).retryAfterMs ?? 0), signal);
    }
  }
}

/** A failure of Redis, or of our own making, which says nothing about the server. */
function isOurs(error: unknown): boolean {
  return error instanceof CallError && /^(Redis|NewerForm)/.test(error.code ?? '');
}

/** Undefined when the source has to be opened again: another watcher was faster, or Redis is new and must rest. */
async function openSource(options: RecordSourceOptions): Promise<Position | undefined> {
  const { feed, recorder, observer, signal } = options;
  const seen = await recorder.sourceState(feed.source);
  const server = await feed.readHead(signal);
  observer.alive(feed.source);
  const opened = await recorder.openSource(feed.source, server, seen);
  switch (opened.status) {
    case 'ok':
      return { epoch: opened.epoch, cursor: opened.complete ? opened.cursor : '' };
    case 'wait':
      await pauseFor(opened.waitMs, signal);
      return undefined;
    case 'moved':
      return undefined;
    case 'form':
      throw new CallError('Transient', 'A newer version of Meshkeeper keeps this view; this process waits', {
        code: 'NewerForm',
      });
  }
}

async function followSource(options: RecordSourceOptions, position: Position, progress: () => void): Promise<void> {
  const { random = Math.random, relistEveryMs = RELIST_EVERY_MS } = options;
  let cursor = position.cursor;
  if (cursor === '') cursor = await listSource(options, position.epoch);
  while (!options.signal.aborted) {
    progress();
    const asked = new AbortController();
    const relist = AbortSignal.any([
      AbortSignal.timeout(Math.round(relistEveryMs * (0.9 + random() * 0.2))),
      asked.signal,
    ]);
    try {
      await watchSource(options, { epoch: position.epoch, cursor }, AbortSignal.any([options.signal, relist]), {
        progress,
        askList: () => asked.abort(),
      });
    } catch (error) {
      const tooOld = classifyError(error) === 'Gone' && !(error instanceof Refused);
      if (!relist.aborted && !tooOld) throw error;
    }
    if (!options.signal.aborted) cursor = await listSource(options, position.epoch);
  }
}

/** Records a whole list, then the absence of all that it lacks. Returns the revision to watch from. */
async function listSource(options: RecordSourceOptions, epoch: string): Promise<string> {
  const { feed, recorder, observer, signal } = options;
  const listed = new Set<string>();
  let list: ListPosition = { id: crypto.randomUUID(), pages: 0, revision: '0' };
  const startedAt = Date.now();
  const record = async (changes: readonly Change[]): Promise<void> => {
    for (let i = 0; i === 0 || i < changes.length; i += BATCH) {
      const recorded = await recorder.recordPage(feed.source, epoch, list, changes.slice(i, i + BATCH));
      await enqueueRecorded(options, recorded, changes.length);
      list = { ...list, pages: list.pages + 1 };
    }
  };
  for await (const page of feed.list(signal)) {
    list = { ...list, revision: page.revision };
    for (const change of page.changes) listed.add(`${change.namespace}/${change.name}`);
    await record(page.changes);
    observer.alive(feed.source);
  }
  for await (const names of recorder.objectNames(feed.source)) {
    await record(names.filter((name) => !listed.has(name)).map((name) => absence(name, list.revision)));
  }
  const finished = await recorder.finishList(feed.source, epoch, list, startedAt);
  if (finished !== 'ok') throw new Refused(finished);
  await recorder.expandPatterns((keys) => options.queue.enqueue(keys));
  observer.listed(feed.source, listed.size);
  return list.revision;
}

function absence(object: string, revision: string): Change {
  const slash = object.indexOf('/');
  const [namespace, name] = [object.slice(0, slash), object.slice(slash + 1)];
  return { op: 'absent', namespace, name, revision, body: '', facts: '', keys: [], wakes: [], indexes: [] };
}

async function watchSource(
  options: RecordSourceOptions,
  start: Position,
  signal: AbortSignal,
  { progress, askList }: { readonly progress: () => void; readonly askList: () => void },
): Promise<void> {
  const { feed, recorder, observer } = options;
  let cursor = start.cursor;
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const confirm = async (): Promise<void> => {
    // An emptied or rolled back Redis is noticed although nothing changes, and so is the wish for a list.
    while (!both.aborted) {
      await pauseFor(CONFIRM_EVERY_MS, both);
      if (both.aborted) return;
      await enqueueRecorded(options, await recorder.recordWatch(feed.source, start.epoch, cursor, cursor, []), 0);
      if (await recorder.wantsList(feed.source)) return askList();
    }
  };
  const follow = async (): Promise<void> => {
    for await (const batch of feed.watch(cursor, both)) {
      observer.alive(feed.source);
      for (let i = 0; i === 0 || i < batch.changes.length; i += BATCH) {
        const last = i + BATCH >= batch.changes.length;
        const to = last ? batch.to : cursor;
        await enqueueRecorded(
          options,
          await recorder.recordWatch(feed.source, start.epoch, cursor, to, batch.changes.slice(i, i + BATCH)),
          batch.changes.length,
        );
      }
      cursor = batch.to;
      progress();
    }
  };
  try {
    await Promise.race([follow(), confirm()]);
  } finally {
    stop.abort();
  }
}

async function enqueueRecorded(options: RecordSourceOptions, recorded: Recorded, changes: number): Promise<void> {
  if (recorded.status !== 'ok') throw new Refused(recorded.status);
  options.observer.recorded(options.feed.source, changes, recorded.recorded);
  if (recorded.keys.length > 0) await options.queue.enqueue(recorded.keys);
}

/** Redis is not in the state that this watcher assumed: it resumes immediately, from what is stored. */
class Refused extends CallError {
  constructor(status: string) {
    super('Gone', `Recording was refused: ${status}`, { code: `Refused:${status}` });
  }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
