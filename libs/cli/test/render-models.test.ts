import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@meshkeeper/domain';
import { parse, parseAllDocuments } from 'yaml';
import { meshkeeper, scratchFolder, type Ran } from './bench.ts';

const ROOT = join(import.meta.dirname, '../../..');
const files = scratchFolder();
afterAll(() => files.remove());

type Vector = Readonly<Record<string, unknown>> & { readonly object: KubeObject };

const vectors = readFileSync(join(ROOT, 'libs/domain/src/registration/testdata/predictors.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector);

/** A line of the vectors as the command prints it; one with `invalid` also has the result without the check. */
function expected({ object, ...vector }: Vector): unknown {
  const { kind, metadata } = object;
  const about = { kind, namespace: metadata.namespace, name: metadata.name };
  if (vector['invalid'] !== undefined) return { object: about, invalid: vector['invalid'] };
  return { object: about, ...vector };
}

const linesOf = ({ out }: Ran): readonly unknown[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
const asLines = (objects: readonly object[]): string => objects.map((each) => `${JSON.stringify(each)}\n`).join('');

const model = (name: string, more: object = {}): KubeObject => ({
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: { name, annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' }, ...more },
  spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://bucket/digits' } } },
});
const runtime = {
  apiVersion: 'serving.kserve.io/v1alpha1',
  kind: 'ServingRuntime',
  metadata: { name: 'a', namespace: 'team-a' },
  spec: {
    multiModel: true,
    supportedModelFormats: [{ name: 'sklearn', autoSelect: true }],
    grpcEndpoint: 'port:8085',
    containers: [{ name: 'server', image: 'a/b:1' }],
  },
};
const DIGITS = {
  object: { kind: 'InferenceService', namespace: 'team-a', name: 'digits' },
  targetModelId: 'digits__isvc-8689f6d578',
  owner: 'isvc',
  modelInfo: {
    type: 'mt:sklearn',
    path: 'digits',
    key: '{"storage_params":{"bucket":"bucket","type":"s3"},"model_type":{"name":"sklearn"}}',
  },
};

describe('what the original registers', () => {
  const objects = vectors.map(({ object }) => object);
  const wanted = vectors.map(expected);
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  const ways: readonly (readonly [string, string])[] = [
    ['lines of JSON', asLines(objects)],
    ['a list', JSON.stringify(list, undefined, 2)],
  ];
  for (const [name, text] of ways) {
    test(`is what render prints, line by line, of ${name}`, async () => {
      const ran = await meshkeeper(['render', '-f', files.write('vectors.json', text), '--output', 'json']);
      assert.equal(ran.code, 0);
      assert.deepEqual(linesOf(ran), wanted);
    });
  }

  test('is so from standard input, and warns of each model that is refused', async () => {
    const ran = await meshkeeper(['render', '-f', '-', '-o', 'json'], asLines(objects));
    assert.deepEqual(linesOf(ran), wanted);
    const refused = vectors.filter((vector) => 'error' in vector || 'invalid' in vector);
    assert.equal(ran.err.trim().split('\n').length, refused.length);
    assert.match(
      ran.err,
      /^warning: InferenceService ns\/zz9-6 is not registered: the InferenceService ns\/zz9-6 must/m,
    );
  });

  test('is the same in YAML', async () => {
    const { out } = await meshkeeper(['render', '-f', '-'], asLines(objects));
    const documents = parseAllDocuments(out, { version: '1.1' }).map((document) => document.toJS() as unknown);
    assert.deepEqual(documents, wanted);
  });
});

describe('render of models', () => {
  test('puts them behind the objects, each on a line of its own', async () => {
    const ran = await meshkeeper(['render', '-f', '-', '-o', 'json'], asLines([runtime, model('digits')]));
    const [list, ...models] = linesOf(ran);
    const { kind, items } = list as { readonly kind: string; readonly items: readonly unknown[] };
    assert.deepEqual([kind, items.length], ['List', 5]);
    assert.deepEqual(models, [DIGITS]);
  });

  test('says in YAML that they are no objects', async () => {
    const { out } = await meshkeeper(['render', '-f', '-'], asLines([runtime, model('digits')]));
    const last = out.split('---\n').at(-1) ?? '';
    assert.match(last, /^# No Kubernetes object: .*\nobject:\n {2}kind: InferenceService\n/);
    assert.deepEqual(parse(last), DIGITS);
  });

  test('prints nothing else with --models, or where nothing else is given', async () => {
    const only = await meshkeeper(['render', '--models', '-f', '-', '-o', 'json'], asLines([runtime, model('digits')]));
    assert.deepEqual(linesOf(only), [DIGITS]);
    const alone = await meshkeeper(['render', '-n', 'team-a', '-f', '-', '-o', 'json'], asLines([model('digits')]));
    assert.deepEqual(linesOf(alone), [DIGITS]);
  });

  test('prints nothing with --models where there are none', async () => {
    for (const format of ['yaml', 'json']) {
      const ran = await meshkeeper(['render', '--models', '-f', '-', '-o', format], asLines([runtime]));
      assert.deepEqual(ran, { code: 0, out: '', err: '' });
    }
  });

  test('warns of a namespace that is not enabled', async () => {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'x', labels: { 'modelmesh-enabled': 'no' } },
    };
    const ran = await meshkeeper(['render', '-f', '-'], asLines([namespace, model('digits', { namespace: 'x' })]));
    assert.match(ran.err, /^warning: InferenceService x\/digits waits until its namespace is enabled$/m);
  });
});
