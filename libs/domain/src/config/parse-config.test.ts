import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Json, JsonObject } from '../objects/reduce.ts';
import { configFields } from './config-fields.ts';
import { DEFAULT_CONFIG } from './mesh-config.ts';
import { parseConfig } from './parse-config.ts';
import { changed, configOf, problemsOf, readings } from '../testing/config-readings.ts';

describe('a configuration', () => {
  test('is complete without a word from the user, but for images, resources and the rendering revision', () => {
    const defaults: JsonObject = {
      inferenceServiceName: 'modelmesh-serving',
      inferenceServicePort: 8033,
      modelMeshEndpoint: '',
      etcdSecretName: '',
      storageSecretName: 'storage-config',
      allowAnyPVC: false,
      tls: { secretName: '', clientAuth: '' },
      headlessService: true,
      grpcMaxMessageSizeBytes: 16_777_216,
      modelMeshImage: {},
      modelMeshResources: {},
      restProxy: { enabled: true, port: 8008, skipVerify: false, image: {}, resources: {} },
      storageHelperImage: {},
      storageHelperResources: {},
      podsPerRuntime: 2,
      enableAccessLogging: false,
      builtInServerTypes: ['triton', 'mlserver', 'ovms', 'torchserve'],
      payloadProcessors: [],
      serviceAccountName: '',
      metrics: { enabled: true, port: 2112, scheme: 'https', disablePrometheusOperatorSupport: false },
      scaleToZero: { enabled: true, gracePeriodSeconds: 60 },
      runtimePodLabels: {},
      runtimePodAnnotations: {},
      imagePullSecrets: [],
      internalModelMeshEnvVars: [],
      renderingRevision: undefined,
    };
    assert.deepEqual(parseConfig({}), { kind: 'ok', config: defaults, warnings: [] });
    assert.deepEqual(DEFAULT_CONFIG, defaults);
  });

  test('is bad when its text could not be decoded', () => {
    assert.deepEqual(parseConfig({ decodingProblem: 'no YAML' }), { kind: 'bad', problems: ['no YAML'] });
  });

  test('matches keys in any case, in maps and lists too', () => {
    assert.deepEqual(
      changed({
        PODSPERRUNTIME: 4,
        Tls: { SECRETNAME: 's' },
        ModelMeshResources: { LIMITS: { Cpu: '1' } },
        imagepullsecrets: [{ NAME: 'pull' }],
        internalmodelmeshenvvars: [{ Name: 'A', VALUE: 'b' }],
      }),
      {
        podsPerRuntime: 4,
        tls: { secretName: 's', clientAuth: '' },
        modelMeshResources: { limits: { cpu: '1' } },
        imagePullSecrets: [{ name: 'pull' }],
        internalModelMeshEnvVars: [{ name: 'A', value: 'b' }],
      },
    );
  });

  test('keeps the names of labels and annotations as they are written', () => {
    const names = { Foo: 'Bar', 'a.b/C': '1', constructor: 'x' };
    assert.deepEqual(changed({ runtimePodLabels: names, runtimePodAnnotations: names }), {
      runtimePodLabels: names,
      runtimePodAnnotations: names,
    });
  });

  test('takes null as not given, at every level', () => {
    const metrics = { port: null, scheme: 'http' };
    assert.deepEqual(
      changed({ podsPerRuntime: null, metrics, runtimePodLabels: { a: null, b: 'c' }, payloadProcessors: ['a', null] }),
      {
        metrics: { ...DEFAULT_CONFIG.metrics, scheme: 'http' },
        runtimePodLabels: { b: 'c' },
        payloadProcessors: ['a'],
      },
    );
  });

  test('takes a::b at the top as a path, which takes precedence over the map', () => {
    const restProxy = { ...DEFAULT_CONFIG.restProxy, enabled: false, port: 80, image: { name: 'a', tag: 'b' } };
    const given = { RestProxy: { enabled: false, port: 1, image: { tag: 'b' } } };
    const paths = { 'restProxy::PORT': 80, 'restproxy::image::name': 'a' };
    assert.deepEqual(changed({ ...given, ...paths }), { restProxy });
    assert.deepEqual(changed({ ...paths, ...given }), { restProxy });
  });

  test('replaces a list whole, with an empty one too', () => {
    assert.deepEqual(changed({ builtInServerTypes: [] }), { builtInServerTypes: [] });
    assert.deepEqual(changed({ builtInServerTypes: ['x'] }), { builtInServerTypes: ['x'] });
  });

  test('holds of an image what was given, an empty digest too', () => {
    assert.deepEqual(
      changed({ modelMeshImage: { tag: 'v2', digest: '' }, storageHelperImage: { command: '/bin/a' } }),
      {
        modelMeshImage: { tag: 'v2', digest: '' },
        storageHelperImage: { command: ['/bin/a'] },
      },
    );
  });

  test('holds of resources what was given, as Kubernetes prints it', () => {
    const resources = { requests: { cpu: 0.1, memory: 1e9 }, limits: { memory: '0.5Gi' } };
    assert.deepEqual(changed({ modelMeshResources: resources, storageHelperResources: { requests: {} } }), {
      modelMeshResources: { requests: { cpu: '100m', memory: '1G' }, limits: { memory: '512Mi' } },
      storageHelperResources: { requests: {} },
    });
  });

  test('may do without the ports of the REST proxy and of the metrics', () => {
    assert.deepEqual(changed({ restProxy: { port: 0 }, metrics: { port: 0 } }), {
      restProxy: { ...DEFAULT_CONFIG.restProxy, port: 0 },
      metrics: { ...DEFAULT_CONFIG.metrics, port: 0 },
    });
  });

  test('pins a rendering revision that there is', () => {
    const none = '3 is not a rendering revision; give 0 to 2';
    assert.deepEqual(readings('renderingRevision', [0, 1, '1', null, 3]), [
      0,
      1,
      1,
      undefined,
      `renderingRevision: ${none}`,
    ]);
  });
});

const words = configFields().flatMap(({ path }) => path.replaceAll('[]', '').split('.'));
const key = fc.constantFrom(
  ...words,
  ...words.map((word) => word.toUpperCase()),
  'metrics::port',
  'tls::a::b',
  '__proto__',
  'x',
);
const scalar = fc.oneof(
  fc.integer(),
  fc.constantFrom('1', '1Gi', 'http', 'a,b', '', true, null),
  fc.jsonValue({ maxDepth: 2 }),
);
const { map } = fc.letrec<{ value: Json; map: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, tie('map'), fc.array(tie('value'), { maxLength: 3 })) as fc.Arbitrary<Json>,
  map: fc.dictionary(key, tie('value'), { maxKeys: 6 }) as fc.Arbitrary<JsonObject>,
}));

describe('whatever the configuration holds', () => {
  test('it parses, or every problem starts with the path of a field', () => {
    const check = (decoded: JsonObject): void => {
      const known = new RegExp(`^(${words.join('|')})[.:["]`);
      for (const problem of problemsOf(decoded)) assert.match(problem, known);
    };
    fc.assert(fc.property(map, check), { numRuns: 1000 });
  });

  test('it does not throw for any JSON', () => {
    const check = (decoded: Json): void => void parseConfig(decoded as JsonObject);
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>, check));
  });

  test('it does not throw when a field is very deep', () => {
    const deep = (wrap: (inner: Json) => Json): Json => Array.from({ length: 20_000 }).reduce<Json>(wrap, 1);
    for (const name of [...words, 'a::b', Array.from({ length: 20_000 }, () => 'runtimePodLabels').join('::')]) {
      parseConfig({ [name]: deep((inner) => [inner]) });
      parseConfig({ [name]: deep((inner) => ({ name: inner })), [`${name}::x`]: deep((inner) => ({ x: inner })) });
    }
  });

  test('a parsed configuration means the same when it is parsed again', () => {
    const check = (decoded: JsonObject): void => {
      const parsed = parseConfig(decoded);
      if (parsed.kind === 'ok') assert.deepEqual(configOf(parsed.config as unknown as JsonObject), parsed.config);
    };
    fc.assert(fc.property(map, check), { numRuns: 1000 });
  });
});
