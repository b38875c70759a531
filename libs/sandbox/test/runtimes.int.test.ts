import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CONFIG, isMultiModel, runtimeProblem, type JsonObject } from '@meshkeeper/domain';
import { parse, parseAllDocuments } from 'yaml';
import { controlPlaneBinaries } from '../src/index.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What users of the original's runtimes rely on: format and version, and whether a model need not name the runtime. */
const EXPECTED = {
  'mlserver-1.x': {
    image: 'seldonio/mlserver:1.3.2',
    automatic: ['sklearn 0', 'xgboost 1', 'lightgbm 3'],
    explicit: [],
    protocols: ['grpc-v2'],
    ports: { adapter: 'port:8085', data: 'port:8001', management: 8001 },
    annotations: undefined,
  },
  'ovms-1.x': {
    image: 'openvino/model_server:2022.2',
    automatic: ['openvino_ir opset1'],
    explicit: ['onnx 1'],
    protocols: ['grpc-v1'],
    ports: { adapter: 'port:8085', data: 'port:8001', management: 8888 },
    annotations: undefined,
  },
  'torchserve-0.x': {
    image: 'pytorch/torchserve:0.7.1-cpu',
    automatic: ['pytorch-mar 0'],
    explicit: [],
    protocols: undefined,
    ports: { adapter: 'port:8085', data: 'port:7070', management: 7071 },
    annotations: undefined,
  },
  'triton-2.x': {
    image: 'nvcr.io/nvidia/tritonserver:23.04-py3',
    automatic: ['keras 2', 'onnx 1', 'pytorch 1', 'tensorflow 1', 'tensorflow 2', 'tensorrt 7'],
    explicit: ['sklearn 0', 'xgboost 1', 'lightgbm 3'],
    protocols: ['grpc-v2'],
    ports: { adapter: 'port:8085', data: 'port:8001', management: 8001 },
    annotations: { maxLoadingConcurrency: '2' },
  },
};

type Runtime = {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly supportedModelFormats: readonly { name: string; version: string; autoSelect: boolean }[];
    readonly protocolVersions?: readonly string[];
    readonly grpcEndpoint: string;
    readonly grpcDataEndpoint: string;
    readonly containers: readonly { readonly name: string; readonly image: string; readonly resources: object }[];
    readonly builtInAdapter: { readonly serverType: string; readonly runtimeManagementPort: number };
  };
};

/** As kubectl builds them: only then do the images have their names. */
let runtimes: readonly Runtime[];
beforeAll(async () => {
  const { kubectl } = await controlPlaneBinaries();
  const text = execFileSync(kubectl, ['kustomize', join(ROOT, 'deploy/runtimes')], { encoding: 'utf8' });
  runtimes = parseAllDocuments(text).map((document) => document.toJS() as Runtime);
});

function formatsOf({ spec }: Runtime, automatic: boolean): readonly string[] {
  const formats = spec.supportedModelFormats.filter(({ autoSelect }) => autoSelect === automatic);
  return formats.map(({ name, version }) => `${name} ${version}`);
}

function problemOf({ spec }: Runtime): string | undefined {
  const given = spec as unknown as JsonObject;
  if (!isMultiModel(given)) return 'It is not multi-model';
  return runtimeProblem(given, DEFAULT_CONFIG.builtInServerTypes);
}

describe('the built-in runtimes', () => {
  test('are four, each with the formats, protocols, ports and image that it always had', () => {
    const found = runtimes.map((runtime) => {
      const { metadata, spec } = runtime;
      const ports = {
        adapter: spec.grpcEndpoint,
        data: spec.grpcDataEndpoint,
        management: spec.builtInAdapter.runtimeManagementPort,
      };
      const facts = {
        image: spec.containers.map(({ image }) => image).join(),
        automatic: formatsOf(runtime, true),
        explicit: formatsOf(runtime, false),
        protocols: spec.protocolVersions,
        ports,
        annotations: metadata.annotations,
      };
      return [metadata.name, facts];
    });
    assert.deepEqual(Object.fromEntries(found), EXPECTED);
  });

  test('have what all of them have in common', () => {
    for (const { kind, metadata, spec } of runtimes) {
      const [serverType = ''] = metadata.name.split('-');
      assert.deepEqual(
        [kind, metadata.labels, spec.containers.map(({ name, resources }) => ({ name, resources }))],
        [
          'ClusterServingRuntime',
          { name: `modelmesh-serving-${metadata.name}-SR` },
          [
            {
              name: serverType,
              resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '5', memory: '1Gi' } },
            },
          ],
        ],
      );
      const { runtimeManagementPort } = spec.builtInAdapter;
      assert.deepEqual(spec.builtInAdapter, {
        serverType,
        runtimeManagementPort,
        memBufferBytes: 134_217_728,
        modelLoadingTimeoutMillis: 90_000,
      });
    }
  });

  test('can be rendered', () => {
    for (const runtime of runtimes) assert.equal(problemOf(runtime), undefined);
  });
});

describe('the guide to runtimes', () => {
  test('shows one example for each of the five ways, and one with sockets, which can all be rendered', () => {
    const guide = readFileSync(join(ROOT, 'docs/runtimes.md'), 'utf8');
    const examples = [...guide.matchAll(/```yaml\n(.+?)```/gs)].map(([, text = '']) => parse(text) as Runtime);
    assert.deepEqual(
      examples.map((runtime) => [runtime.metadata.name, problemOf(runtime)]),
      ['kitten-1.x', 'streamer-1.x', 'otter-2.x', 'heron-1.x', 'our-mlserver-1.x', 'kitten-2.x'].map((name) => [
        name,
        undefined,
      ]),
    );
  });
});
