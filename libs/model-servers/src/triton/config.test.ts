import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Schema } from '../layout/schema.ts';
import { generatedConfig, rewrittenConfig } from './config.ts';
import { topLevelFields } from './text-format.ts';

const schema = (shape: number[], datatype = 'FP32'): Schema => ({
  inputs: [{ name: 'x', datatype, shape }],
  outputs: [{ name: 'y', datatype: 'INT64', shape: [-1] }],
});

test('a schema alone gives a configuration with backend and tensors', () => {
  const wanted = `backend: "onnxruntime"
input {
  name: "x"
  data_type: TYPE_FP32
  dims: -1
  dims: 4
}
output {
  name: "y"
  data_type: TYPE_INT64
  dims: -1
}
`;
  assert.equal(generatedConfig('onnx', schema([-1, 4])), wanted);
});

test('defect 5: BYTES of a schema is the string type of Triton', () => {
  assert.match(generatedConfig('onnx', schema([1], 'BYTES')), /data_type: TYPE_STRING/);
  assert.throws(() => generatedConfig('onnx', schema([1], 'FP8')), {
    message: "The schema gives input 'x' the datatype 'FP8', which Triton does not know",
  });
});

const OWN = `# ours
name: "mine"
max_batch_size: 8
input [
  { name: "a" data_type: TYPE_FP32 dims: [ 4 ] }
]
output { name: "b", dims: 2 }
parameters: { key: "k" value: { string_value: "name: \\"x\\" }" } };
`;

test('a configuration of its own loses its name, and keeps all else as it stands', () => {
  const fields = topLevelFields(rewrittenConfig(OWN, undefined))?.map(({ name }) => name);
  assert.deepEqual(fields, ['max_batch_size', 'input', 'output', 'parameters']);
  assert.match(rewrittenConfig(OWN, undefined), /string_value: "name: \\"x\\" }"/);
});

test('a schema takes the place of its tensors, without the batch dimension', () => {
  const rewritten = rewrittenConfig(OWN, { ...schema([-1, 4]), outputs: [] });
  assert.deepEqual(
    topLevelFields(rewritten)?.map(({ name }) => name),
    ['max_batch_size', 'parameters', 'input'],
  );
  assert.match(rewritten, /input {\n {2}name: "x"\n {2}data_type: TYPE_FP32\n {2}dims: 4\n}/);
});

test('a batched model whose schema has no batch dimension is refused in the words of the original', () => {
  assert.throws(() => rewrittenConfig(OWN, schema([3, 4])), { message: /^Conflicting model configuration: / });
  const unbatched = OWN.replace('max_batch_size: 8', 'max_batch_size: 0');
  assert.match(rewrittenConfig(unbatched, schema([3, 4])), /dims: 3\n {2}dims: 4/);
});

test('what is no protobuf text passes through as it is', () => {
  for (const text of ['{', 'name "x"', 'input [ }', 'a: "unfinished', '"x"'])
    assert.equal(rewrittenConfig(text, undefined), text);
});

test('any text is outlined or passed through, and outlining what was kept gives the same fields', () => {
  const piece = fc.constantFrom(
    'name',
    ':',
    '"a b"',
    '{',
    '}',
    '[',
    ']',
    'dims',
    '1',
    '#c\n',
    ' ',
    '\n',
    ';',
    ',',
    '<',
    '>',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join(' ');
      const fields = topLevelFields(text);
      if (fields === undefined) return;
      const again = topLevelFields(fields.map((field) => field.text).join('\n'));
      assert.deepEqual(again, fields);
    }),
  );
});
