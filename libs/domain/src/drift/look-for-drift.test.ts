import assert from 'node:assert/strict';
import { MESH_SOURCE } from '../objects/kinds.ts';
import type { SourceState, ViewedObject } from '../ports/event-log.ts';
import type { ViewReader } from '../ports/view-reader.ts';
import { lookForDrift } from './look-for-drift.ts';

const COMPLETE: SourceState = { epoch: '1', cursor: '1', complete: true };
const UNKNOWN: SourceState = { epoch: '', cursor: '', complete: false };
const IDS = ['a__isvc-0000000000', 'b__isvc-0000000000', 'others'];

/** A registry of models that no VModel names. */
function aReader(more: Partial<ViewReader> = {}): ViewReader {
  return {
    states: async (sources) => Object.fromEntries(sources.map((source) => [source, COMPLETE])),
    async *objects(source): AsyncGenerator<ViewedObject> {
      if (source !== MESH_SOURCE) return;
      for (const id of IDS) yield { source, namespace: 'ns', name: `registry/${id}`, revision: '1', body: {} };
    },
    busyKeys: async () => new Set(),
    ...more,
  };
}

const namesIn = async (reader: ViewReader): Promise<readonly string[]> =>
  (await lookForDrift(reader, 'own')).findings.map(({ name }) => name);

describe('looking for drift', () => {
  test('leaves out what is being worked at', async () => {
    assert.deepEqual(await namesIn(aReader()), IDS);
    const asked: string[] = [];
    const busy = aReader({
      busyKeys: async (keys, graceMs) => {
        asked.push(...keys, String(graceMs));
        return new Set(['predictor/ns/isvc/b']);
      },
    });
    assert.deepEqual(await namesIn(busy), [IDS[0], IDS[2]]);
    assert.deepEqual(asked, ['predictor/ns/isvc/a', 'predictor/ns/isvc/b', '30000']);
  });

  test('reports incomplete sources, but not those that are not watched', async () => {
    const partly = aReader({
      states: async (sources) =>
        Object.fromEntries(
          sources.map((source) => [source, ['predictors', 'namespaces'].includes(source) ? UNKNOWN : COMPLETE]),
        ),
    });
    assert.deepEqual((await lookForDrift(partly, 'own')).unlisted, ['predictors']);
  });
});
