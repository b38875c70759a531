import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  encodeInstanceRecord,
  encodeModelRecord,
  encodeVModelRecord,
  NO_LRU_TIME,
  parseInstanceRecord,
  parseModelRecord,
  parseVModelRecord,
  type Parsed,
} from './records.ts';

function recordOf<R>(parsed: Parsed<R>): R {
  assert.equal(parsed.kind, 'record');
  return (parsed as { readonly record: R }).record;
}

const rewriteModel = (json: string) => encodeModelRecord(recordOf(parseModelRecord(json)));
const rewriteVModel = (json: string) => encodeVModelRecord(recordOf(parseVModelRecord(json)));
const rewriteInstance = (json: string) => encodeInstanceRecord(recordOf(parseInstanceRecord(json)));

describe('records written by the original come back byte for byte', () => {
  const models = [
    String.raw`{"type":"mt:sklearn","encKey":"{\"storage_key\":\"k\"}","mPath":"load=300","lu":1795416530832}`,
    '{"type":"mt:sklearn","encKey":"…","mPath":"…","autoDel":true,"instanceIds":{"5d8f6b-mm002":1795438290518},"failedIn":{"5d8f6b-mm001":1795438290506},"fails":{"5d8f6b-mm001":{"msg":"INTERNAL: no such file"}},"refs":1,"lu":1795434683408}',
    String.raw`{"type":"mt:sklearn","encKey":"{\"storage_key\":\"minio\"}","mPath":"sk/m.joblib","autoDel":true,"instanceIds":{"87f6fc-6rwf9":1700000000123},"failedIn":{"bbd974-mk99v":1700000000999},"fails":{"bbd974-mk99v":{"msg":"INTERNAL: boom"}},"refs":1,"lu":1700000000000}`,
  ];
  for (const [index, json] of models.entries())
    test(`model ${index + 1}`, () => assert.equal(rewriteModel(json), json));

  const vmodels = ['{"o":"isvc","amid":"t4","tmid":"t5","failed":true}', '{"amid":"et16","tmid":"et16"}'];
  for (const [index, json] of vmodels.entries())
    test(`vmodel ${index + 1}`, () => assert.equal(rewriteVModel(json), json));

  const instances = [
    '{"startTime":1795438130076,"vers":1704067200000,"loc":"127.0.0.11","actionable":true,"lruTime":9223372036854775807,"cap":129762,"lThreads":6}',
    '{"startTime":1,"vers":1704067200000,"loc":"127.0.0.12","labels":["mt:sklearn","rt:py"],"actionable":true,"lruTime":1795434897672,"count":4,"cap":129762,"used":4,"lThreads":6,"lInProg":1,"rpm":23,"shutdown":true}',
  ];
  for (const [index, json] of instances.entries())
    test(`instance ${index + 1}`, () => assert.equal(rewriteInstance(json), json));
});

describe('the rules of the codec', () => {
  test('defaults and nulls are left out, but a model always has a type', () => {
    assert.equal(
      rewriteModel('{"refs":0,"autoDel":false,"encKey":"","mPath":null,"instanceIds":{},"lu":0}'),
      '{"type":"NLCLASSIFIER"}',
    );
    assert.equal(rewriteVModel('{"failed":false,"o":"","amid":"a","tmid":"a"}'), '{"amid":"a","tmid":"a"}');
  });

  test('unknown properties move to the end, with numbers as they were written', () => {
    const json = '{"x":9223372036854775807,"amid":"a","y":[1.0,-0,1e400],"tmid":"a","__proto__":{"z":1}}';
    assert.equal(
      rewriteVModel(json),
      '{"amid":"a","tmid":"a","x":9223372036854775807,"y":[1.0,-0,1e400],"__proto__":{"z":1}}',
    );
  });

  test('our own properties follow those of the original', () => {
    const json = '{"loadedIn":{"a":5},"x":1,"type":"t","instanceIds":{"a":4},"attempt":3,"lu":7,"lul":8}';
    assert.equal(
      rewriteModel(json),
      '{"type":"t","instanceIds":{"a":4},"lu":7,"lul":8,"loadedIn":{"a":5},"attempt":3,"x":1}',
    );
  });

  test('an empty instance has the greatest long as its oldest use', () => {
    assert.equal(recordOf(parseInstanceRecord(`{"lruTime":${NO_LRU_TIME}}`)).lruTime, 9_223_372_036_854_775_807n);
  });

  test('an integer just beyond the safe range that prints as it was written is read as exactly that', () => {
    assert.equal(recordOf(parseModelRecord('{"type":"t","lu":9230180852941650}')).lu, 9_230_180_852_941_650n);
  });

  test('what is no such record is malformed, with a reason that repeats no value', () => {
    const reasons = [
      '',
      '{',
      '[]',
      '"x"',
      'null',
      '7',
      '{"type":7}',
      '{"type":"t","instanceIds":{"a":"secret"}}',
      '{"type":"t","fails":{"a":{"msg":1}}}',
      '{"type":"t","refs":1.5}',
    ].map((json) => parseModelRecord(json));
    const wrong = (name: string) => ({ kind: 'malformed', reason: `Its property ${name} has the wrong type` });
    const notJson = { kind: 'malformed', reason: 'It is not JSON' };
    const noObject = { kind: 'malformed', reason: 'It is no JSON object' };
    assert.deepEqual(reasons, [
      notJson,
      notJson,
      noObject,
      noObject,
      noObject,
      noObject,
      wrong('type'),
      wrong('instanceIds'),
      wrong('fails'),
      wrong('refs'),
    ]);
  });

  test('text nested beyond the stack is malformed', () => {
    assert.equal(parseModelRecord('['.repeat(200_000)).kind, 'malformed');
  });
});

describe('properties', () => {
  const known = [
    'type',
    'encKey',
    'mPath',
    'autoDel',
    'instanceIds',
    'failedIn',
    'fails',
    'refs',
    'lu',
    'lul',
    'loadedIn',
    'attempt',
  ];
  // Integer-like names are moved to the front by JavaScript itself; no client writes them.
  const name = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((key) => !known.includes(key) && !/^\d+$/.test(key));
  const extra = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true });
  const iid = fc.stringMatching(/^[a-z][a-z0-9]{5}-[a-z0-9]{5}$/);
  const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const times = fc.dictionary(iid, time, { noNullPrototype: true });
  const model = fc.record(
    {
      type: fc.string({ unit: 'grapheme' }),
      encKey: fc.string({ unit: 'grapheme' }),
      mPath: fc.string(),
      autoDel: fc.boolean(),
      instanceIds: times,
      failedIn: times,
      fails: fc.dictionary(iid, fc.record({ msg: fc.string() }, { noNullPrototype: true }), { noNullPrototype: true }),
      refs: fc.nat(),
      lu: fc.bigInt({ min: 0n, max: NO_LRU_TIME }),
      lul: fc.bigInt({ min: 0n, max: NO_LRU_TIME }),
      loadedIn: times,
      attempt: time,
      extra,
    },
    { noNullPrototype: true },
  );

  test('a record that is written and read is the same, and written again the same text', () => {
    fc.assert(
      fc.property(model, (record) => {
        const json = encodeModelRecord(record);
        const back = recordOf(parseModelRecord(json));
        assert.equal(encodeModelRecord(back), json);
        assert.deepEqual({ ...back, extra: {} }, { ...record, extra: {} });
        assert.deepEqual(JSON.parse(JSON.stringify(back.extra)), JSON.parse(JSON.stringify(record.extra)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('any integer of an unknown property survives', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (value) => {
        const json = `{"amid":"a","tmid":"a","x":${value}}`;
        assert.equal(rewriteVModel(json), json);
      }),
    );
  });

  test('no text makes parsing throw', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    fc.assert(
      fc.property(texts, (text) => {
        for (const parse of [parseModelRecord, parseVModelRecord, parseInstanceRecord]) {
          assert.match(parse(text).kind, /^(record|malformed)$/);
        }
      }),
    );
  });
});
