import assert from 'node:assert/strict';
import { MemoryView, type Change, type Gathered, type GatherRequest } from '@meshkeeper/domain';
import {
  type Arbitrary,
  array,
  assert as holds,
  asyncProperty,
  boolean,
  constantFrom,
  record,
  uniqueArray,
} from 'fast-check';
import { gather } from '../src/index.ts';
import { absent, LogBench, put, SOURCE, startTestRedis, type TestRedis } from './log-bench.ts';

const RUNS = process.env['MESHKEEPER_SIZE'] === 'large' ? 500 : 30;
const NAMES = ['a', 'b', 'c'];
const NAMESPACES = ['ns', ''];
const KEYS = ['mesh/ns', 'thing/a', 'thing/b', 'thing/{things}'];
/** Byte order and JavaScript's order differ for the last two. */
const MEMBERS = ['things a', 'things b', 'wanted:ns x y', 'wanted:ns \u{1F600}', 'wanted:ns \u{FB01}'];

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

type Happening = {
  readonly name: string;
  readonly namespace: string;
  readonly exists: boolean;
  readonly facts: string;
  readonly keys: readonly string[];
  readonly indexes: readonly string[];
  readonly fallbackFacts: boolean;
};

const anyHistory: Arbitrary<readonly Happening[]> = array(
  record({
    name: constantFrom(...NAMES),
    namespace: constantFrom(...NAMESPACES),
    exists: boolean(),
    facts: constantFrom('', '{"n":1}', '{"n":2,"in":"things"}', '{"n":3,"in":"nothing"}'),
    fallbackFacts: boolean(),
    keys: uniqueArray(constantFrom(...KEYS)),
    indexes: uniqueArray(constantFrom(...MEMBERS)),
  }),
  { minLength: 1, maxLength: 40 },
);

function toChange({ name, namespace, exists, ...details }: Happening, i: number): Change {
  const change = exists ? put(name, i + 2, details) : absent(name, i + 2, { keys: details.keys });
  return { ...change, namespace };
}

const IN_FACTS = { source: SOURCE, namespace: 'ns', name: 'a', field: 'in' };
const REQUESTS: readonly GatherRequest[] = KEYS.map((key) => ({
  key,
  sources: [SOURCE, 'unknown'],
  facts: [
    ...NAMESPACES.map((namespace) => ({ source: SOURCE, namespace })),
    ...NAMES.map((name) => ({ source: SOURCE, namespace: 'ns', name })),
    ...NAMESPACES.map((namespace) => ({ source: SOURCE, namespace, unless: IN_FACTS })),
  ],
  objects: [{ source: SOURCE, namespace: '', name: 'c' }],
  indexes: ['things', 'wanted:ns', 'keys', 'nothing'],
  factIndexes: [IN_FACTS],
}));

/** Epochs and cursors are Redis's own; objects of one name have no order, as sets have none. */
function comparable({ objects, sources, facts, indexes }: Gathered): unknown {
  const complete = Object.entries(sources).map(([source, state]) => [source, state.complete]);
  return { objects: objects.map((object) => JSON.stringify(object)).sort(), complete, facts, indexes };
}

describe('the view in memory', () => {
  test('answers every request as the one in Redis does, after any history', async () => {
    await holds(
      asyncProperty(anyHistory, async (history) => {
        const bench = await LogBench.open(server.url);
        try {
          const changes = history.map(toChange);
          await bench.watch(1, changes.length + 1, ...changes);
          const view = new MemoryView();
          view.record(SOURCE, changes);
          view.complete(SOURCE);
          for (const request of REQUESTS) {
            const expected = comparable(await gather(bench.options, request));
            assert.deepEqual(comparable(view.gather(request)), expected);
          }
        } finally {
          bench.close();
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('knows the keys that own something and the runtimes that are only wanted, each once', () => {
    const view = new MemoryView();
    view.record(SOURCE, [
      put('a', 2, { keys: ['mesh/ns', 'runtime/ns/triton'], indexes: ['namespaces ns', 'clusterruntimes triton'] }),
      put('b', 3, { keys: ['runtime/{namespaces}/mlserver'], indexes: ['clusterruntimes mlserver'] }),
      put('c', 4, { keys: ['predictor/ns/isvc/gone'] }),
      absent('c', 5),
    ]);
    assert.deepEqual(view.keys(), [
      { kind: 'mesh', namespace: 'ns' },
      { kind: 'runtime', namespace: 'ns', name: 'triton' },
      { kind: 'runtime', namespace: 'ns', name: 'mlserver' },
    ]);
  });
});
