import assert from 'node:assert/strict';
import type { JsonObject } from '../objects/reduce.ts';
import { ignoredFieldWarnings } from './ignored-fields.ts';
import { formatWarning, registrationWarning, visibleRuntimes, type NamedRuntime } from './supported-format.ts';

const inMode = (spec: JsonObject, mode = 'ModelMesh', more: JsonObject = {}): JsonObject => ({
  metadata: { name: 'a', namespace: 'n', annotations: { 'serving.kserve.io/deploymentMode': mode, ...more } },
  spec,
});
const model = { modelFormat: { name: 'onnx' }, storage: { path: 'p' } };
const ofPredictor = (more: JsonObject): JsonObject => inMode({ predictor: { model, ...more } });
const ofModel = (more: JsonObject): JsonObject => inMode({ predictor: { model: { ...model, ...more } } });

const ignored: readonly [name: string, JsonObject, readonly string[]][] = [
  ['nothing to ignore', inMode({ predictor: { model } }), []],
  ['another mode', inMode({ predictor: { minReplicas: 1 } }, 'Serverless'), []],
  ['another spelling of the mode', inMode({ predictor: { minReplicas: 1 } }, 'modelmesh'), []],
  ['no annotations', { spec: { predictor: { minReplicas: 1 } } }, []],
  [
    'other components',
    inMode({ predictor: { model }, transformer: { containers: [{}] }, explainer: { alibi: {} } }),
    [
      'spec.transformer is ignored in ModelMesh mode: transform in the client or in a service before the model',
      'spec.explainer is ignored in ModelMesh mode: run the explainer as a service of its own',
    ],
  ],
  [
    'replicas, zero included',
    ofPredictor({ minReplicas: 0, maxReplicas: 3 }),
    ['minReplicas', 'maxReplicas'].map(
      (field) =>
        `spec.predictor.${field} is ignored in ModelMesh mode: set spec.replicas or the autoscaling annotations of the ServingRuntime`,
    ),
  ],
  [
    'logger, batcher, containers, account',
    ofPredictor({
      logger: { mode: 'all' },
      batcher: { maxBatchSize: 4 },
      containers: [{ name: 'x' }],
      serviceAccountName: 's',
    }),
    [
      'spec.predictor.logger is ignored in ModelMesh mode: set payloadProcessors in the ConfigMap model-serving-config',
      "spec.predictor.batcher is ignored in ModelMesh mode: set batching in the model server's own configuration",
      'spec.predictor.containers is ignored in ModelMesh mode: make a ServingRuntime of them and name it in spec.predictor.model.runtime',
      'spec.predictor.serviceAccountName is ignored in ModelMesh mode: set serviceAccountName in the ConfigMap model-serving-config',
    ],
  ],
  [
    'any other field of a pod',
    ofPredictor({ tolerations: [{ key: 'gpu' }] }),
    ['spec.predictor.tolerations is ignored in ModelMesh mode: set it in the ServingRuntime'],
  ],
  [
    'fields of a container',
    ofModel({
      resources: { limits: { cpu: '1' } },
      env: [{ name: 'A' }],
      args: ['x'],
      image: 'i',
      runtimeVersion: '2',
    }),
    [
      ...['resources', 'env', 'args', 'image'].map(
        (field) =>
          `spec.predictor.model.${field} is ignored in ModelMesh mode: set it in the ServingRuntime's container`,
      ),
      "spec.predictor.model.runtimeVersion is ignored in ModelMesh mode: set the image of the ServingRuntime's container",
    ],
  ],
  [
    'what clients fill in by themselves',
    ofModel({ name: 'kserve-container', resources: {}, env: [], image: '', args: null }),
    [],
  ],
  [
    'an old framework has fields that are ignored, too',
    inMode({ predictor: { sklearn: { storageUri: 's3://a/b', resources: { limits: {} } } } }),
    ["spec.predictor.sklearn.resources is ignored in ModelMesh mode: set it in the ServingRuntime's container"],
  ],
  [
    'a framework that ModelMesh never read',
    inMode({ predictor: { paddle: { storageUri: 's3://a/b' } } }),
    ['spec.predictor.paddle is ignored in ModelMesh mode: use spec.predictor.model with a modelFormat'],
  ],
];

describe('fields of an InferenceService that count for nothing', () => {
  for (const [name, object, warnings] of ignored)
    test(name, () => assert.deepEqual(ignoredFieldWarnings(object), warnings));

  test('are in lines that the API server does not cut', () => {
    const all = ignored.flatMap(([, , warnings]) => warnings);
    assert.deepEqual(
      all.filter((warning) => warning.length > 256),
      [],
    );
  });
});

const runtime = (name: string, labels: readonly string[], more: Partial<NamedRuntime> = {}): NamedRuntime => ({
  name,
  multiModel: true,
  disabled: false,
  labels: [`rt:${name}`, ...labels],
  ...more,
});
const onnx = runtime('a', ['mt:onnx', 'mt:onnx:1', 'pv:grpc-v2']);
const WAITS = 'the model waits for one';

const formats: readonly [name: string, JsonObject, readonly NamedRuntime[], string | undefined][] = [
  ['a supported format', ofModel({}), [onnx], undefined],
  ['a supported version', ofModel({ modelFormat: { name: 'onnx', version: '1' } }), [onnx], undefined],
  ['format and protocol in one runtime', ofModel({ protocolVersion: 'grpc-v2' }), [onnx], undefined],
  ['v2 by way of the REST proxy', ofModel({ protocolVersion: 'v2' }), [onnx], undefined],
  ['a named runtime, whatever its formats', ofModel({ modelFormat: { name: 'x' }, runtime: 'a' }), [onnx], undefined],
  ['no runtime', ofModel({}), [], `NoSupportingRuntime: no enabled multi-model runtime serves format onnx; ${WAITS}`],
  [
    'format and protocol in two runtimes',
    ofModel({ protocolVersion: 'v1' }),
    [onnx, runtime('b', ['pv:v1'])],
    `NoSupportingRuntime: no enabled multi-model runtime serves format onnx with protocol v1; ${WAITS}`,
  ],
  [
    'another version',
    ofModel({ modelFormat: { name: 'onnx', version: '2' } }),
    [onnx],
    `NoSupportingRuntime: no enabled multi-model runtime serves format onnx:2; ${WAITS}`,
  ],
  [
    'a disabled runtime',
    ofModel({ runtime: 'a' }),
    [{ ...onnx, disabled: true }],
    `RuntimeNotRecognized: no enabled multi-model runtime is named a; ${WAITS}`,
  ],
  [
    'a runtime of KServe',
    ofModel({}),
    [{ ...onnx, multiModel: false }],
    `NoSupportingRuntime: no enabled multi-model runtime serves format onnx; ${WAITS}`,
  ],
  ['another mode', inMode({ predictor: { model } }, 'RawDeployment'), [], undefined],
  ['a specification that makes no model', inMode({ predictor: {} }), [], undefined],
];

describe('an InferenceService and the runtimes that its namespace sees', () => {
  for (const [name, object, runtimes, warning] of formats)
    test(name, () => assert.equal(formatWarning(object, runtimes), warning));

  test('a runtime of the namespace hides that of the cluster with its name, multi-model or not', () => {
    const { name: _, ...facts } = onnx;
    const own = { ...facts, multiModel: false };
    assert.deepEqual(visibleRuntimes({ a: own }, { a: facts, b: facts }), [
      { ...own, name: 'a' },
      { ...facts, name: 'b' },
    ]);
  });
});

test('a specification that makes no model is reported as its status will report it', () => {
  assert.deepEqual(
    [inMode({ predictor: {} }), inMode({ predictor: {} }, 'Serverless'), inMode({ predictor: { model } })].map(
      registrationWarning,
    ),
    ['InvalidPredictorSpec: no valid InferenceService predictor framework found', undefined, undefined],
  );
});
