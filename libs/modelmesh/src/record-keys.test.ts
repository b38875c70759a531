import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  instanceIdOf,
  namespacedRootPrefix,
  parseRecordKey,
  RECORD_TABLES,
  recordKey,
  recordPrefix,
} from './record-keys.ts';

const scope = { rootPrefix: 'modelmesh-serving', kvPrefix: 'mm', service: 'modelmesh-serving' };

describe('keys of records', () => {
  test('are the original’s', () => {
    assert.equal(recordKey(scope, 'registry', 'm1'), 'modelmesh-serving/mm/modelmesh-serving/registry/m1');
    assert.equal(recordPrefix(scope, 'vmodels'), 'modelmesh-serving/mm/modelmesh-serving/vmodels/');
    assert.equal(namespacedRootPrefix('r', 'team-a'), 'r/mm_ns/team-a');
    assert.equal(instanceIdOf('modelmesh-serving-mlserver-87f6fc-6rwf9'), '87f6fc-6rwf9');
  });

  test('hold namespace, mesh, table and id, also when the id has a slash', () => {
    assert.deepEqual(parseRecordKey('r', 'r/mm/svc/leaderLatch/_i'), {
      namespace: undefined,
      kvPrefix: 'mm',
      service: 'svc',
      table: 'leaderLatch',
      id: '_i',
    });
    assert.deepEqual(parseRecordKey('r', 'r/mm_ns/team-a/mm/svc/registry/a/b c'), {
      namespace: 'team-a',
      kvPrefix: 'mm',
      service: 'svc',
      table: 'registry',
      id: 'a/b c',
    });
  });

  test('of anything else are not taken for records', () => {
    const keys = [
      '',
      'r',
      'r/',
      'rx/mm/svc/registry/m',
      'r/mm/svc/registry/',
      'r/mm/svc/registry',
      'r/mm/svc/configs/x',
      'r/litelinks/svc/h_1_2',
      'r/mm_ns/a',
    ];
    assert.deepEqual(
      keys.map((key) => parseRecordKey('r', key)),
      keys.map(() => undefined),
    );
  });

  test('an empty root prefix leaves the leading slash', () => {
    assert.equal(parseRecordKey('', '/mm/svc/vmodels/v')?.id, 'v');
  });

  test('what is built is what is parsed', () => {
    const part = fc.stringMatching(/^[a-z][a-z-]{0,8}$/).filter((text) => text !== 'mm_ns');
    const ids = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(
        part,
        part,
        part,
        fc.constantFrom(...RECORD_TABLES),
        ids,
        fc.option(part, { nil: undefined }),
        (root, kvPrefix, service, table, id, namespace) => {
          const rootPrefix = namespace === undefined ? root : namespacedRootPrefix(root, namespace);
          const key = recordKey({ rootPrefix, kvPrefix, service }, table, id);
          assert.deepEqual(parseRecordKey(root, key), { namespace, kvPrefix, service, table, id });
        },
      ),
    );
  });
});
