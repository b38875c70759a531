import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type Arbitrary,
  array,
  assert as holds,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from 'fast-check';
import { gather } from '../src/index.ts';
import { anyHistory, ServerHistory, type Happening } from './history.ts';
import { absent, LogBench, SOURCE, startTestRedis, type TestRedis } from './log-bench.ts';

const RUNS = process.env['MESHKEEPER_SIZE'] === 'large' ? 500 : 30;

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

/** One watcher's next move; each call to Redis is a move, so that those of two watchers interleave. */
type Move =
  | { readonly who: 0 | 1; readonly does: 'watch'; readonly changes: number }
  /** A list at the watcher's own cursor moved on by `ahead`, a page of `page` objects a move. */
  | { readonly who: 0 | 1; readonly does: 'list'; readonly ahead: number; readonly page: number };

const anyWho = constantFrom<0 | 1>(0, 1);
const anyWatch = record({
  who: anyWho,
  does: constant('watch' as const),
  changes: integer({ min: 0, max: 6 }),
});
const anyList = (ahead: number): Arbitrary<Move> =>
  record({
    who: anyWho,
    does: constant('list' as const),
    ahead: integer({ min: 0, max: ahead }),
    page: integer({ min: 1, max: 4 }),
  });
const anyMoves = (ahead: number): Arbitrary<readonly Move[]> =>
  array(oneof({ weight: 3, arbitrary: anyWatch }, { weight: 2, arbitrary: anyList(ahead) }), { maxLength: 40 });

/** A watcher that makes one move at a time. During a list, its moves continue the list. */
class Watcher {
  readonly #bench: LogBench;
  readonly #history: ServerHistory;
  #cursor = 1;
  #list: AsyncGenerator<void> | undefined;

  constructor(bench: LogBench, history: ServerHistory) {
    this.#bench = bench;
    this.#history = history;
  }

  async move(move: Move): Promise<void> {
    if (this.#list === undefined && move.does === 'watch') return this.#watch(move.changes);
    if (move.does === 'list') this.#list ??= this.#listAt(this.#cursor + move.ahead, move.page);
    if ((await this.#list?.next())?.done === true) this.#list = undefined;
  }

  /** Ends a list that is under way, and watches up to the end of the history. */
  async finish(): Promise<void> {
    for await (const _ of this.#list ?? []);
    this.#list = undefined;
    await this.#watch(this.#history.head);
  }

  async #watch(changes: number): Promise<void> {
    const to = Math.min(this.#cursor + changes, this.#history.head);
    const { status } = await this.#bench.watch(this.#cursor, to, ...this.#history.between(this.#cursor, to));
    assert.equal(status, 'ok');
    this.#cursor = to;
  }

  /** As a watcher lists: pages, then the absence of each object of the view that the pages lacked. */
  async *#listAt(wanted: number, page: number): AsyncGenerator<void> {
    const { recorder, epoch } = this.#bench;
    const revision = Math.min(wanted, this.#history.head);
    const objects = this.#history.at(revision);
    const list = { id: randomUUID(), pages: 0, revision: String(revision) };
    for (let i = 0; i < objects.length; i += page) {
      await recorder.recordPage(SOURCE, epoch, list, objects.slice(i, i + page));
      list.pages += 1;
      yield;
    }
    const listed = new Set(objects.map(({ name }) => name));
    for await (const names of recorder.objectNames(SOURCE)) {
      const lacks = names.map((name) => name.slice('ns/'.length)).filter((name) => !listed.has(name));
      yield;
      await recorder.recordPage(
        SOURCE,
        epoch,
        list,
        lacks.map((name) => absent(name, revision, { keys: [] })),
      );
      list.pages += 1;
      yield;
    }
    assert.equal(await recorder.finishList(SOURCE, epoch, list), 'ok');
    this.#cursor = Math.max(this.#cursor, revision);
  }
}

type Left = {
  readonly view: Readonly<Record<string, string>>;
  readonly folded: Readonly<Record<string, string>>;
  readonly due: readonly string[];
  readonly log: readonly string[];
  /** Facts by object name, members of the index. */
  readonly facts: readonly Readonly<Record<string, unknown>>[];
  readonly indexes: readonly (readonly string[])[];
};

/** What a run of both watchers leaves in an event log of its own. */
async function run(happenings: readonly Happening[], moves: readonly Move[], tombstones: number): Promise<Left> {
  const history = new ServerHistory(happenings);
  const bench = await LogBench.open(server.url, { tombstones });
  try {
    await bench.redis.zadd(`${bench.options.prefix}:index:names`, 0, 'x', 0, 'y');
    const watchers = [new Watcher(bench, history), new Watcher(bench, history)] as const;
    for (const move of moves) await watchers[move.who].move(move);
    for (const watcher of watchers) await watcher.finish();
    return await leftBy(bench);
  } finally {
    bench.close();
  }
}

async function leftBy(bench: LogBench): Promise<Left> {
  const { facts, indexes } = await gather(bench.options, {
    key: 'none',
    sources: [],
    facts: [{ source: SOURCE, namespace: 'ns' }],
    objects: [],
    indexes: ['objects'],
  });
  const [view, folded] = [await bench.view(), await bench.foldedView()];
  return { view, folded, due: await bench.due(), log: await bench.log(), facts, indexes };
}

async function alone(happenings: readonly Happening[]): Promise<Left> {
  return run(happenings, [], 10_000);
}

describe('two watchers that record the same changes', () => {
  test('one of them behind, or listing what the other knows, leave the same as one watcher', async () => {
    const property = asyncProperty(
      anyHistory,
      anyMoves(0),
      integer({ min: 0, max: 3 }),
      async (happenings, moves, tombstones) => {
        assert.deepEqual(await run(happenings, moves, tombstones), await alone(happenings));
      },
    );
    await holds(property, { numRuns: RUNS });
  });

  test('that also list ahead of each other leave the view of the server, and log nothing twice', async () => {
    const property = asyncProperty(
      anyHistory,
      anyMoves(8),
      integer({ min: 0, max: 3 }),
      async (happenings, moves, tombstones) => {
        const history = new ServerHistory(happenings);
        const expected = history.viewAt(history.head);
        const { view, folded, log, facts, indexes } = await run(happenings, moves, tombstones);
        const one = await alone(happenings);
        assert.deepEqual(
          { view, folded, facts, indexes, twice: repeated(log) },
          { view: expected, folded: expected, facts: one.facts, indexes: one.indexes, twice: [] },
        );
      },
    );
    await holds(property, { numRuns: RUNS });
  });
});

function repeated(log: readonly string[]): readonly string[] {
  return log.filter((entry, i) => log.indexOf(entry) !== i);
}
