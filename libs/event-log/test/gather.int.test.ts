import assert from 'node:assert/strict';
import type { CallError } from '@meshkeeper/domain';
import { gather } from '../src/index.ts';
import { absent, put, SOURCE, useTestLogs } from './log-bench.ts';

const open = useTestLogs();

describe('gathering', () => {
  test('returns own objects, requested ones, facts, indexes and the states of sources', async () => {
    const bench = await open();
    const changes = [
      put('b', 2, { keys: ['thing/own'], facts: '{"port":2}' }),
      put('a', 3, { keys: ['thing/own'], indexes: ['names y', 'names x'] }),
      put('other', 4, { facts: '1' }),
      put('gone', 5, { keys: ['thing/own'] }),
      absent('gone', 6),
    ];
    await bench.watch(1, 6, ...changes);
    const viewed = (name: string, at: number): object => ({
      source: SOURCE,
      namespace: 'ns',
      name,
      revision: String(at),
      body: { name, at },
    });
    const gathered = await gather(bench.options, {
      key: 'thing/own',
      sources: [SOURCE, 'unknown'],
      facts: [
        { source: SOURCE, namespace: 'ns' },
        { source: SOURCE, namespace: 'empty' },
        { source: SOURCE, namespace: 'ns', name: 'other' },
        { source: SOURCE, namespace: 'ns', name: 'none' },
      ],
      objects: [
        { source: SOURCE, namespace: 'ns', name: 'other' },
        { source: SOURCE, namespace: '', name: 'none' },
      ],
      indexes: ['names', 'nothing'],
    });
    assert.deepEqual(gathered, {
      objects: [viewed('a', 3), viewed('b', 2), viewed('other', 4)],
      sources: {
        [SOURCE]: { epoch: bench.epoch, cursor: '6', complete: true },
        unknown: { epoch: '', cursor: '', complete: false },
      },
      facts: [{ b: { port: 2 }, other: 1 }, {}, { other: 1 }, {}],
      indexes: [['x', 'y'], []],
    });
  });

  test('follows an index that the facts of an object name', async () => {
    const bench = await open();
    await bench.watch(
      1,
      3,
      put('a', 2, { facts: '{"pods":"pods:ns:mt%3Ax"}' }),
      put('d', 3, { indexes: ['pods:ns:mt%3Ax d'] }),
    );
    const named = (name: string) => ({ source: SOURCE, namespace: 'ns', name, field: 'pods' });
    const request = { key: 'thing/a', sources: [SOURCE], facts: [], objects: [], indexes: [] };
    const { indexes } = await gather(bench.options, {
      ...request,
      factIndexes: [named('a'), named('d'), named('none')],
    });
    assert.deepEqual(indexes, [['d'], [], []]);
  });

  test('keeps the last facts when a change has only fallback facts', async () => {
    const bench = await open();
    const request = {
      key: 'thing/a',
      sources: [SOURCE],
      facts: [{ source: SOURCE, namespace: 'ns' }],
      objects: [],
      indexes: [],
    };
    const factsNow = async (): Promise<unknown> => (await gather(bench.options, request)).facts[0]?.['a'];
    const seen: unknown[] = [];
    for (const [i, facts] of ['bad', 'worse', 'good', 'bad', 'better'].entries()) {
      const fallbackFacts = ['bad', 'worse'].includes(facts);
      await bench.watch(i + 1, i + 2, put('a', i + 2, { facts: JSON.stringify(facts), fallbackFacts }));
      seen.push(await factsNow());
    }
    assert.deepEqual(seen, ['bad', 'bad', 'good', 'good', 'better']);
  });

  test('is refused when a source is kept in another form', async () => {
    const bench = await open();
    const request = { key: 'thing/a', sources: [SOURCE], facts: [], objects: [], indexes: [] };
    await assert.rejects(
      gather({ ...bench.options, form: 2 }, request),
      (error: CallError) => error.kind === 'Transient' && error.code === 'OtherForm',
    );
  });
});
