import assert from 'node:assert/strict';
import { schemaDifference, schemaPathOf } from './schema.ts';

const facts = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'text', datatype: 'BYTES', shape: undefined },
  ],
} as const;
const difference = (schema: unknown): string | undefined => schemaDifference(JSON.stringify(schema), facts);
const x = { name: 'x', datatype: 'FP32', shape: [1, 2] };

test('a schema that says less than the model agrees with it', () => {
  assert.equal(difference({ inputs: [x], outputs: [{ name: 'text', datatype: 'STRING' }] }), undefined);
  assert.equal(difference({}), undefined);
});

test('a difference is reported with the name of the tensor', () => {
  assert.equal(
    difference({ inputs: [{ name: 'z', datatype: 'FP32' }] }),
    "the schema has input 'z', which the model has not",
  );
  assert.equal(
    difference({ inputs: [x], outputs: [{ name: 'label', datatype: 'FP64' }] }),
    "output 'label' is INT64, and FP64 in the schema",
  );
  assert.equal(schemaDifference('[', facts), 'the schema is no JSON of inputs and outputs with names and datatypes');
});

test("a model's key may name a schema, and may be empty", () => {
  assert.equal(schemaPathOf('{"schema_path":"/s.json","disk_size_bytes":0,"model_type":{"name":"onnx"}}'), '/s.json');
  assert.equal(schemaPathOf(''), undefined);
  assert.throws(() => schemaPathOf('{'), { message: 'the model key is not as it should be: {' });
});
