import * as fc from 'fast-check';

const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !text.startsWith('mm'));
const quantity = fc.constantFrom('0.5', '500m', '1024Ki', '1Gi', '2', '0.1', '100M', '1e3');
const someText = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
const container = (containerName: string) =>
  fc.record(
    {
      name: fc.constant(containerName),
      image: fc.constantFrom('a/b:1', 'img.example:5000/x/y@sha256:abc', 'busybox'),
      args: fc.array(someText, { maxLength: 3 }),
      env: fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[A-Z][A-Z0-9_]{0,6}$/), value: someText }), {
        selector: ({ name: variable }) => variable,
        maxLength: 3,
      }),
      resources: fc.record({ limits: fc.record({ cpu: quantity, memory: quantity }) }, { requiredKeys: [] }),
      livenessProbe: fc.record({
        exec: fc.constant({ command: ['true'] }),
        periodSeconds: fc.integer({ min: 1, max: 60 }),
      }),
    },
    { requiredKeys: ['name', 'image'] },
  );
const labels = fc.dictionary(fc.constantFrom('tier', 'a.b/c', 'Team'), fc.constantFrom('', 'x', 'A-1'), { maxKeys: 3 });
/** The spec of any multi-model runtime that the schema allows. */
export const arbitraryRuntime = fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).chain((names) =>
  fc.record(
    {
      multiModel: fc.constant(true),
      grpcEndpoint: fc.constantFrom('port:8001', 'unix:/run/a/m.sock', 'unix:///run/a/m.sock'),
      grpcDataEndpoint: fc.constantFrom('port:8002', 'unix:/run/a/d.sock'),
      supportedModelFormats: fc.constant([{ name: 'onnx', version: '1', autoSelect: true }]),
      protocolVersions: fc.constantFrom([], ['grpc-v2'], ['v1', 'grpc-v1']),
      containers: fc.tuple(...names.map(container)),
      labels,
      annotations: labels,
      nodeSelector: labels,
      tolerations: fc.array(fc.constantFrom({ key: 'gpu', operator: 'Exists' }, { operator: 'Exists' }), {
        maxLength: 2,
      }),
      replicas: fc.integer({ min: 0, max: 5 }),
      storageHelper: fc.record({ disabled: fc.boolean() }),
      volumes: fc.constantFrom([], [{ name: 'scratch', emptyDir: { sizeLimit: '0.5Gi' } }]),
      imagePullSecrets: fc.constantFrom([], [{ name: 's' }]),
      affinity: fc.constantFrom({}, { podAntiAffinity: {} }),
    },
    { requiredKeys: ['multiModel', 'grpcEndpoint', 'supportedModelFormats', 'containers'] },
  ),
);
