import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseSchema } from './schema.ts';

test('a schema names inputs and outputs; anything else is skipped', () => {
  const input = { name: 'x', datatype: 'FP32', shape: [-1, 4] };
  assert.deepEqual(parseSchema(JSON.stringify({ inputs: [{ ...input, note: 1 }], more: true })), { inputs: [input] });
});

test('a wrong schema is reported by its field', () => {
  assert.throws(() => parseSchema('{"inputs":[{"name":"x","datatype":"FP32","shape":["1"]}]}'), {
    message: /^The schema file is wrong at 'inputs\.0\.shape\.0': /,
  });
  assert.throws(() => parseSchema('{'), { message: /^The schema file is not JSON: / });
});

test('any text is a schema or an error with one sentence', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parseSchema(text);
      } catch (error) {
        assert.match((error as Error).message, /^The schema file is /);
      }
    }),
  );
});
