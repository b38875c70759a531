import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { localNames, ModelKeyError, parseModelKey, runtimeKey } from './model-key.ts';

test('what is no JSON object of the right kinds is refused with the text as it came', () => {
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '"a"',
    '{"storage_key":5}',
    '{"storage_params":{"a":1}}',
    '{"schema_path":[]}',
  ]) {
    assert.throws(() => parseModelKey(text), {
      name: 'ModelKeyError',
      message: `Invalid modelKey in LoadModelRequest. Error processing JSON '${text}'`,
    });
  }
});

test('null and empty texts count as absent', () => {
  const key = parseModelKey('{"storage_key":"","storage_params":null,"bucket":null,"schema_path":""}');
  assert.deepEqual(key, {
    storageKey: undefined,
    storageParams: {},
    bucket: undefined,
    schemaPath: undefined,
    rest: {},
  });
});

test('the runtime receives nothing about the storage, always the size, and the rest unchanged', () => {
  const type = '"model_type":{"name":"onnx","version":"1"}';
  const key = parseModelKey(
    `{"storage_key":"k","storage_params":{"a":"b"},"bucket":"b","schema_path":"s/x.json",${type},"new":[1]}`,
  );
  assert.deepEqual(JSON.parse(runtimeKey(key, { schemaPath: '/models/m/x.json', bytes: 0 })), {
    model_type: { name: 'onnx', version: '1' },
    new: [1],
    disk_size_bytes: 0,
    schema_path: '/models/m/x.json',
  });
  assert.equal(
    runtimeKey(parseModelKey(`{${type}}`), { schemaPath: undefined, bytes: 7 }),
    `{${type},"disk_size_bytes":7}`,
  );
});

test('local names are last elements, with a name of their own where there is none or both are the same', () => {
  const cases: readonly [string, string | undefined, string, string | undefined][] = [
    ['a/b.onnx', undefined, 'b.onnx', undefined],
    ['a/b/', undefined, 'b', undefined],
    ['', undefined, '_model', undefined],
    ['/', undefined, '_model', undefined],
    ['///', undefined, '_model', undefined],
    ['.', undefined, '_model', undefined],
    ['a/..', undefined, '..', undefined],
    ['m', 's/schema.json', 'm', 'schema.json'],
    ['m/x', 's/x', 'x', '_schema.json'],
  ];
  for (const [model, schema, localModel, localSchema] of cases) {
    assert.deepEqual(localNames(model, schema), { model: localModel, schema: localSchema }, model);
  }
});

test('every text is either parsed or refused, and what is written is JSON without storage', () => {
  const known = fc.record(
    {
      storage_key: fc.oneof(fc.string(), fc.json()),
      storage_params: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.json()),
      bucket: fc.string(),
      schema_path: fc.string(),
      disk_size_bytes: fc.jsonValue(),
      model_type: fc.jsonValue(),
      __proto__: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    known.map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(text, (text) => {
      try {
        const written = JSON.parse(runtimeKey(parseModelKey(text), { schemaPath: undefined, bytes: 3 })) as object;
        for (const key of ['storage_key', 'storage_params', 'bucket', 'schema_path'])
          assert.ok(!Object.hasOwn(written, key));
        assert.equal((written as { readonly disk_size_bytes: unknown }).disk_size_bytes, 3);
        const given = JSON.parse(text) as { readonly model_type?: unknown };
        assert.deepEqual((written as typeof given).model_type, given.model_type);
      } catch (error) {
        assert.ok(error instanceof ModelKeyError, String(error));
      }
      assert.equal(({} as { readonly polluted?: unknown }).polluted, undefined);
    }),
  );
});
