import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseModelKey, sizeFromDisk } from './model-key.ts';

const read = (key: unknown, modelType = 'mt:onnx') => parseModelKey(JSON.stringify(key), modelType);

test('the type is a name or an object with one, lower-cased and cut at the first colon', () => {
  const types = [{ model_type: { name: 'SKLearn', version: '0' } }, { model_type: 'TensorFlow:2' }, {}];
  assert.deepEqual(
    types.map((key) => read(key).type),
    ['sklearn', 'tensorflow', 'mt'],
  );
});

test('a schema path that is no string is an error, as is a key that is no JSON', () => {
  assert.throws(() => read({ schema_path: 1 }), { message: 'The model key is wrong: schema_path must be a string' });
  assert.throws(() => parseModelKey('{', ''), { message: /^The model key is not JSON: / });
});

test('any key is read or refused with one sentence', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parseModelKey(text, 'x');
      } catch (error) {
        assert.match((error as Error).message, /^The model key is /);
      }
    }),
  );
});

test('a size is that of the disk times the multiplier, truncated, or the default where the disk says nothing', () => {
  const sizes = [sizeFromDisk(1_001, 1.25, 7), sizeFromDisk(0, 1.25, 7), sizeFromDisk(undefined, 1.25, 7)];
  assert.deepEqual(sizes, [1_251, 7, 7]);
});
