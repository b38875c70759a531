import { compareBytes, goJson } from '../registration/go-json.ts';
import type { KubeObject } from '../objects/reduce.ts';
import { MANAGED_LABELS } from './labels.ts';

export const TYPE_CONSTRAINTS_NAME = 'tc-config';

export type ConstrainedRuntime = { readonly labels: readonly string[] };

/** The ConfigMap that defines for a namespace's mesh which pods may hold which models, and which calls carry a model's id. */
export function renderTypeConstraints(namespace: string, runtimes: readonly ConstrainedRuntime[]): KubeObject {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: TYPE_CONSTRAINTS_NAME, namespace, labels: MANAGED_LABELS },
    binaryData: {
      dataplane_api_config: base64(DATA_PLANE),
      type_constraints: base64(typeConstraints(runtimes)),
    },
  };
}

/** Compact JSON with keys sorted by bytes: one entry for each runtime, model type, and model type with a protocol. */
export function typeConstraints(runtimes: readonly ConstrainedRuntime[]): string {
  const required = new Map<string, readonly string[]>([['_default', ['_no_runtime']]]);
  for (const { labels } of runtimes) {
    const protocols = labels.filter((label) => label.startsWith('pv:'));
    for (const label of labels) {
      if (protocols.includes(label)) continue;
      required.set(label, [label]);
      if (!label.startsWith('mt:')) continue;
      for (const protocol of protocols) required.set(`${label}|${protocol}`, [label, protocol]);
    }
  }
  const entries = [...required].sort(([a], [b]) => compareBytes(a, b));
  return goJson(Object.fromEntries(entries.map(([name, labels]) => [name, { required: labels }])));
}

/** Which calls name their model in the message, and where; in the original's own layout, byte for byte. */
const DATA_PLANE = dataPlane([
  ['inference.GRPCInferenceService/ModelInfer', '1'],
  ['inference.GRPCInferenceService/ModelMetadata', '1'],
  ['tensorflow.serving.PredictionService/Predict', '1, 1'],
  ['org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions', '1'],
]);

function dataPlane(calls: readonly (readonly [call: string, path: string])[]): string {
  const entries = calls.map(
    ([call, path]) =>
      `        "${call}": {\n            "idExtractionPath": [${path}],\n            "vModelId": true\n        }`,
  );
  return `{\n    "rpcConfigs": {\n${entries.join(',\n')}\n    },\n    "allowOtherRpcs": true\n}`;
}
