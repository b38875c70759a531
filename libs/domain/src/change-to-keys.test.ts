import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toAbsence, toChange, toRecordChange } from './to-change.ts';
import { formatKey, parseKey, type WorkKey } from './work-key.ts';
import { anInferenceService, aRuntime } from './testing/builders.ts';
import type { Change } from './ports/event-log.ts';

const context = { ownNamespace: 'team-a' };
const wakes = ({ keys, concerns, indexes }: Change) => ({ keys, concerns, indexes });

describe('from change to keys', () => {
  test('an InferenceService wakes its own key', () => {
    assert.deepEqual(wakes(toChange('inferenceServices', anInferenceService(), context)), {
      keys: ['predictor/team-a/isvc/digits'],
      concerns: [],
      indexes: ['predictors team-a/isvc/digits', 'predictors:team-a isvc/digits'],
    });
  });

  test('a cluster-wide runtime wakes its key in every enabled namespace', () => {
    const { keys } = toChange('clusterServingRuntimes', aRuntime(), context);
    assert.deepEqual(keys, ['runtime/{namespaces}/mlserver']);
  });

  test('ready addresses are an index; only none becoming some, or some none, changes the facts', () => {
    const slice = (addresses: readonly string[]) =>
      toChange(
        'endpointSlices',
        {
          metadata: { name: 's', namespace: 'team-a', labels: { 'kubernetes.io/service-name': 'mesh' } },
          ports: [{ name: 'grpc', port: 8033 }],
          endpoints: addresses.map((address) => ({
            addresses: [address],
            conditions: { ready: address !== '10.64.0.9' },
          })),
        },
        context,
      );
    assert.deepEqual(slice(['10.64.0.3', '10.64.0.9']).indexes, ['endpoints:team-a:mesh 10.64.0.3:8033']);
    assert.equal(slice(['10.64.0.3']).facts, slice(['10.64.0.3', '10.64.0.4']).facts);
    assert.notEqual(slice(['10.64.0.3']).facts, slice(['10.64.0.9']).facts);
  });

  test('a VModel wakes its owner’s key, its deletion those of both owners', () => {
    const record = { namespace: 'team-a', table: 'vmodels' as const, id: 'digits', revision: '5' };
    assert.deepEqual(toRecordChange({ ...record, value: '{"o":"isvc","amid":"a","tmid":"a"}' }).keys, [
      'predictor/team-a/isvc/digits',
    ]);
    assert.deepEqual(toRecordChange({ ...record, value: undefined }).keys, [
      'predictor/team-a/isvc/digits',
      'predictor/team-a/ksp/digits',
    ]);
  });

  test('a model that is not named as ours wakes nobody', () => {
    const model = (id: string) =>
      toRecordChange({ namespace: 'n', table: 'registry', id, revision: '5', value: '{}' }).keys;
    assert.deepEqual(['a__b__ksp-0123456789', 'x__isvc-012345678', '__isvc-0123456789', 'by-hand'].map(model), [
      ['predictor/n/ksp/a__b'],
      [],
      [],
      [],
    ]);
  });

  test('what stands in etcd and is no JSON is recorded as the text it is', () => {
    const { body } = toRecordChange({ namespace: 'n', table: 'vmodels', id: 'a', revision: '5', value: '{"o":' });
    assert.equal(body, '"{\\"o\\":"');
  });

  test('a deletion keeps the keys and nothing else', () => {
    const { op, body, keys } = toAbsence('inferenceServices', anInferenceService(), context);
    assert.deepEqual({ op, body, keys }, { op: 'absent', body: '', keys: ['predictor/team-a/isvc/digits'] });
  });

  test('nothing of a container’s environment, nor of managed fields but who and when, is kept', () => {
    const object = anInferenceService('a', undefined, {
      managedFields: [{ manager: 'kubectl', operation: 'Apply', time: 't', fieldsV1: {} }],
    });
    const model = { modelFormat: { name: 'x' }, env: [{ name: 'PASSWORD', value: 'hunter2' }] };
    const { body } = toChange(
      'inferenceServices',
      { ...object, spec: { predictor: { model, containers: [{ env: ['hunter2'] }] } } },
      context,
    );
    assert.ok(!body.includes('hunter2') && !body.includes('fieldsV1') && body.includes('kubectl'));
  });
});

test('a work key is read back as it was written', () => {
  const keys: readonly WorkKey[] = [
    { kind: 'mesh', namespace: 'a' },
    { kind: 'runtime', namespace: 'a', name: 'triton-2.x' },
    { kind: 'predictor', namespace: 'a', owner: 'ksp', name: 'm' },
  ];
  assert.deepEqual(
    keys.map((key) => parseKey(formatKey(key))),
    keys,
  );
  assert.deepEqual(
    ['mesh', 'mesh/', 'predictor/a/x/m', 'runtime/a', 'runtime/a/b/c', 'x/a'].map(parseKey),
    Array.from({ length: 6 }),
  );
});
