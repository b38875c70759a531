import assert from 'node:assert/strict';
import { parseWanted } from './indexes.ts';
import { MemoryView } from '../snapshot/memory-view.ts';
import type { JsonObject } from '../objects/reduce.ts';
import { toAbsence, toChange, toRecordChange } from './to-change.ts';
import { formatKey, parseKey, type WorkKey } from '../objects/work-key.ts';
import { anInferenceService, aRuntime } from '../testing/builders.ts';
import type { Change } from '../ports/event-log.ts';

const context = { ownNamespace: 'team-a' };
const wakeSet = ({ keys, wakes, indexes }: Change) => ({ keys, wakes, indexes });

describe('from change to keys', () => {
  test('an InferenceService wakes its own key', () => {
    assert.deepEqual(wakeSet(toChange('inferenceServices', anInferenceService(), context)), {
      keys: ['predictor/team-a/isvc/digits'],
      wakes: ['runtime/team-a/{serving:team-a:mt%3Asklearn}', 'runtime/team-a/{serving::mt%3Asklearn}'],
      indexes: [
        'predictors team-a/isvc/digits',
        'predictors:team-a isvc/digits',
        'wanted:team-a mt%3Asklearn',
        'models:team-a:mt%3Asklearn isvc/digits',
        'entry:team-a:k isvc/digits',
      ],
    });
  });

  test('a storage Secret wakes the runtimes, and the models that name one of its entries or claims', () => {
    const entries = { a: { type: 's3' }, 'b c': { type: 'pvc', claim: 'x' } };
    const decoded = { claims: ['x'], entries };
    const secret = { metadata: { name: 'storage-config', namespace: 'team-a' }, decoded };
    const { wakes, indexes } = toChange('storageSecrets', secret, context);
    assert.deepEqual(wakes.slice(2), [
      'predictor/team-a/{entry:team-a:a}',
      'predictor/team-a/{entry:team-a:b%20c}',
      'predictor/team-a/{claim:team-a:x}',
    ]);
    assert.deepEqual(indexes, ['claimentries:team-a:x {entry:team-a:b%20c}']);
  });

  test('a claim wakes the models that name it, or an entry which does, and no others', () => {
    const view = new MemoryView();
    const model = (name: string, storage: JsonObject) => {
      const { metadata } = anInferenceService();
      const predictor = { model: { modelFormat: { name: 'onnx' }, storage: { path: 'm', ...storage } } };
      const object = { metadata: { ...metadata, name }, spec: { predictor } };
      view.record('inferenceservices', [toChange('inferenceServices', object, context)]);
    };
    model('direct', { parameters: { type: 'pvc', name: 'x' } });
    model('by-entry', { key: 'b' });
    model('other-entry', { key: 'c' });
    model('other-claim', { parameters: { type: 'pvc', name: 'y' } });
    const decoded = { claims: ['x'], entries: { b: { type: 'pvc', claim: 'x' } } };
    const secret = { metadata: { name: 'storage-config', namespace: 'team-a' }, decoded };
    view.record('storagesecrets', [toChange('storageSecrets', secret, context)]);
    const claim = { metadata: { name: 'x', namespace: 'team-a' } };
    const { wakes } = toChange('persistentVolumeClaims', claim, context);
    assert.deepEqual(view.expand(wakes).toSorted(), ['predictor/team-a/isvc/by-entry', 'predictor/team-a/isvc/direct']);
  });

  test('a model on a claim makes the claim known to the runtimes that may mount it', () => {
    const storage = { parameters: { type: 'pvc', name: 'my claim' }, path: 'm' };
    const predictor = { model: { modelFormat: { name: 'a b' }, protocolVersion: 'v2', storage } };
    const { indexes } = toChange('inferenceServices', { ...anInferenceService(), spec: { predictor } }, context);
    const [wanted] = indexes.filter((index) => index.startsWith('wanted:'));
    assert.equal(wanted, 'wanted:team-a mt%3Aa%20b%7Cpv%3Av2 my%20claim');
    assert.deepEqual(parseWanted('mt%3Aa%20b%7Cpv%3Av2 my%20claim'), { label: 'mt:a b|pv:v2', claim: 'my claim' });
  });

  test('the first ready pod of a runtime, and the loss of the last, wake the models that it can hold', () => {
    const deployment = (readyReplicas: number) => {
      const env = [{ name: 'MM_LABELS', value: 'mt:onnx,pv:v2,rt:triton' }];
      const template = { spec: { containers: [{ name: 'mm', env }] } };
      const metadata = { name: 'mesh-triton', namespace: 'team-a' };
      return toChange('deployments', { metadata, spec: { template }, status: { readyReplicas } }, context);
    };
    const types = ['mt%3Aonnx', 'mt%3Aonnx%7Cpv%3Av2', 'rt%3Atriton'];
    assert.deepEqual(
      deployment(1).wakes,
      types.map((type) => `predictor/team-a/{models:team-a:${type}}`),
    );
    assert.deepEqual(
      deployment(1).indexes,
      types.map((type) => `pods:team-a:${type} mesh-triton`),
    );
    assert.deepEqual(deployment(0).indexes, []);
    assert.equal(deployment(1).facts, deployment(2).facts);
    assert.notEqual(deployment(0).facts, deployment(1).facts);
  });

  test('an object that is no model needs no runtime', () => {
    const invalid = { ...anInferenceService(), spec: { predictor: {} } };
    assert.deepEqual(wakeSet(toChange('inferenceServices', invalid, context)), {
      keys: ['predictor/team-a/isvc/digits'],
      wakes: [],
      indexes: ['predictors team-a/isvc/digits', 'predictors:team-a isvc/digits'],
    });
  });

  test('a runtime can be found by each type of model that it serves, and changes the type constraints', () => {
    const runtime = aRuntime({ protocolVersions: ['grpc-v2'] });
    assert.deepEqual(wakeSet(toChange('servingRuntimes', runtime, context)), {
      keys: ['runtime/team-a/mlserver'],
      wakes: ['predictor/team-a/{predictors:team-a}', 'mesh/team-a'],
      indexes: [
        'runtimes:team-a mlserver',
        'serving:team-a:mt%3Asklearn mlserver',
        'serving:team-a:mt%3Asklearn%7Cpv%3Agrpc-v2 mlserver',
        'serving:team-a:mt%3Asklearn%7Cpv%3Av2 mlserver',
        'serving:team-a:mt%3Asklearn%3A1 mlserver',
        'serving:team-a:mt%3Asklearn%3A1%7Cpv%3Agrpc-v2 mlserver',
        'serving:team-a:mt%3Asklearn%3A1%7Cpv%3Av2 mlserver',
        'serving:team-a:rt%3Amlserver mlserver',
      ],
    });
  });

  test('no data of Secrets is kept, whatever their annotations hold', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'planted', other: 'planted' };
    const metadata = { name: 'storage-config', namespace: 'team-a', annotations };
    const secret = {
      metadata,
      data: { k: 'planted' },
      stringData: { k: 'planted' },
      decoded: { claims: ['c'], entries: { e: { type: 's3', secret: 'planted' } }, k: 'planted' },
    };
    for (const kind of ['storageSecrets', 'etcdSecrets'] as const)
      assert.doesNotMatch(JSON.stringify(toChange(kind, secret, context)), /planted/);
    assert.equal(toChange('storageSecrets', secret, context).facts, '{"claims":["c"],"entries":{"e":{"type":"s3"}}}');
  });

  test('a wrong configuration counts only where no good one is known', () => {
    const config = (decoded: JsonObject) =>
      toChange('config', { metadata: { name: 'model-serving-config', namespace: 'own' }, decoded }, context);
    assert.deepEqual(
      [config({ podsPerRuntime: 'none' }), config({})].map(({ facts, fallbackFacts, keys }) => [
        facts.slice(0, 13),
        fallbackFacts,
        keys,
      ]),
      [
        ['{"kind":"bad"', true, ['mesh/own']],
        ['{"kind":"ok",', undefined, ['mesh/own']],
      ],
    );
  });

  test('a cluster-wide runtime wakes its key in every enabled namespace', () => {
    const { keys, wakes } = toChange('clusterServingRuntimes', aRuntime(), context);
    expect(keys).toEqual(['runtime/{namespaces}/mlserver']);
    // Its formats are part of every mesh's type constraints, and may be what a model anywhere waits for.
    expect(wakes).toEqual(['predictor/{predictors}', 'mesh/{namespaces}']);
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
    assert.deepEqual(slice(['10.64.0.3', '10.64.0.9']).indexes, ['endpoints:team-a mesh 10.64.0.3:8033']);
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

  test('a model that is not named as ours wakes no key', () => {
    const model = (id: string) =>
      toRecordChange({ namespace: 'n', table: 'registry', id, revision: '5', value: '{}' }).keys;
    assert.deepEqual(['a__b__ksp-0123456789', 'x__isvc-012345678', '__isvc-0123456789', 'by-hand'].map(model), [
      ['predictor/n/ksp/a__b'],
      [],
      [],
      [],
    ]);
  });

  test('a record that is not JSON is recorded as text', () => {
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
