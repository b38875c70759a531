import type { JsonObject } from '../objects/reduce.ts';
import { statusPatch } from './status-patch.ts';

test.each<[string, JsonObject, JsonObject | undefined, JsonObject | undefined]>([
  ['a live status that is as wanted needs no patch', { url: 'a' }, { url: 'a', components: {} }, undefined],
  ['an object without a status gets the whole', { url: 'a' }, undefined, { url: 'a', components: {} }],
  ['a field that is not wanted goes', {}, { url: 'a', components: {} }, { url: null }],
  ['a field of others stays', {}, { address: 'a', components: {} }, undefined],
  ['a field that is null on both sides is equal', { url: null }, { url: null, components: {} }, undefined],
  ['a null is not written where nothing is', { url: null }, { components: {} }, undefined],
  [
    'a map replaces what is no map',
    { modelStatus: { a: 1 } },
    { modelStatus: 'x', components: {} },
    { modelStatus: { a: 1 } },
  ],
  ['a map replaces null', { modelStatus: { a: 1 } }, { modelStatus: null, components: {} }, { modelStatus: { a: 1 } }],
  ['a map replaces a list', { modelStatus: { a: 1 } }, { modelStatus: [1], components: {} }, { modelStatus: { a: 1 } }],
  [
    'only what differs in a map is written',
    { modelStatus: { a: 1, b: 2 } },
    { modelStatus: { a: 1, b: 3, c: 4 }, components: {} },
    { modelStatus: { b: 2, c: null } },
  ],
  [
    'the order of fields in a list item says nothing',
    { conditions: [{ a: 1, b: 2 }] },
    { conditions: [{ b: 2, a: 1 }], components: {} },
    undefined,
  ],
  [
    'an undefined field in a list item is absent',
    { conditions: [{ a: 1, b: undefined }] },
    { conditions: [{ a: 1 }], components: {} },
    undefined,
  ],
  ['a list is written whole', { conditions: [1, 2] }, { conditions: [1, 3], components: {} }, { conditions: [1, 2] }],
  [
    'the transformer of another owner stays',
    { components: { predictor: { a: 1 } } },
    { components: { predictor: { a: 2 }, transformer: { b: 1 } } },
    { components: { predictor: { a: 1 } } },
  ],
])('InferenceService: %s', (_rule, wanted, live, patch) => {
  expect(statusPatch('isvc', wanted, live)).toEqual(patch);
});

test('a Predictor has no components', () => {
  expect(statusPatch('ksp', { available: true }, { components: { a: 1 } })).toEqual({ available: true });
});
