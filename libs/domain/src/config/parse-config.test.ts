import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import type { Json, JsonObject } from '../objects/reduce.ts';
import { configFields } from './config-fields.ts';
import { DEFAULT_CONFIG, type MeshConfig } from './mesh-config.ts';
import { parseConfig } from './parse-config.ts';

function configOf(decoded: JsonObject): MeshConfig {
  const parsed = parseConfig(decoded);
  assert.ok(parsed.kind === 'ok', JSON.stringify(parsed));
  return parsed.config;
}

/** What differs from the defaults, at the top. */
function changed(decoded: JsonObject): JsonObject {
  const defaults = DEFAULT_CONFIG as unknown as JsonObject;
  const entries = Object.entries(configOf(decoded) as unknown as JsonObject);
  return Object.fromEntries(entries.filter(([name, value]) => !isDeepStrictEqual(value, defaults[name])));
}

function problemsOf(decoded: JsonObject): readonly string[] {
  const parsed = parseConfig(decoded);
  return parsed.kind === 'bad' ? parsed.problems : [];
}

function warningsOf(decoded: JsonObject): readonly string[] {
  const parsed = parseConfig(decoded);
  return parsed.kind === 'ok' ? parsed.warnings : ['bad'];
}

/** Each value of one key with what it becomes, or the problem that it is. */
function readings(key: string, values: readonly Json[]): readonly unknown[] {
  return values.map((value) => {
    const parsed = parseConfig({ [key]: value });
    return parsed.kind === 'ok' ? parsed.config[key as keyof MeshConfig] : parsed.problems[0];
  });
}

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

describe('the loose reading of the original', () => {
  test('takes a number from text, a fraction and a switch', () => {
    assert.deepEqual(readings('podsPerRuntime', ['3', 1.9, true, false, '', '0x10', '+5']), [3, 1, 1, 0, 0, 16, 5]);
  });

  test('takes no number from any other text', () => {
    const texts = ['none', '1.9', ' 3', '010', '1_0', '3 pods'];
    assert.deepEqual(
      readings('podsPerRuntime', texts),
      texts.map((text) => `podsPerRuntime: "${text}" is not a whole number; give 0 to 65535`),
    );
  });

  test('takes a switch from text and from numbers', () => {
    assert.deepEqual(readings('allowAnyPVC', ['true', 'T', '1', 1, 0.5, 'false', 'F', '0', 0, '']), [
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test('takes a list from text with commas, and from a single value', () => {
    assert.deepEqual(readings('payloadProcessors', ['a,b', '', 3, {}, ['', 'x']]), [
      ['a', 'b'],
      [],
      ['3'],
      [],
      ['', 'x'],
    ]);
    assert.deepEqual(readings('imagePullSecrets', [{ Name: 'a' }, {}, '']), [[{ name: 'a' }], [], []]);
  });

  test('takes text from numbers and switches', () => {
    assert.deepEqual(readings('serviceAccountName', ['a', 3, 1.1, true, false]), ['a', '3', '1.1', '1', '0']);
  });

  test('takes a map from a list of maps', () => {
    const maps = [[], [{ A: 'b' }, { A: 'c', d: null, e: 1 }]];
    assert.deepEqual(readings('runtimePodLabels', maps), [{}, { A: 'c', e: '1' }]);
  });

  test('takes name and value of a variable, and nothing else', () => {
    assert.deepEqual(readings('internalModelMeshEnvVars', [[{ name: 'A', Value: 3, valueFrom: {} }, { name: 'B' }]]), [
      [
        { name: 'A', value: '3' },
        { name: 'B', value: '' },
      ],
    ]);
  });
});

describe('a wrong configuration', () => {
  test('names every wrong field together, with its value and what is allowed', () => {
    assert.deepEqual(
      problemsOf({
        INFERENCESERVICENAME: 'My Service',
        inferenceServicePort: 0,
        modelMeshEndpoint: ['a'],
        storageSecretName: '',
        allowAnyPVC: 'yes',
        tls: 'my-secret',
        podsPerRuntime: 65_536,
        grpcMaxMessageSizeBytes: 2 ** 31,
        restProxy: { port: 70_000, image: [], resources: { limits: { cpu: '-1' }, requests: { memory: '1 GB' } } },
        metrics: { port: -1, scheme: 'HTTPS' },
        scaleToZero: { gracePeriodSeconds: 'soon' },
        runtimePodLabels: { 'a/b': { c: 'd' } },
        imagePullSecrets: ['a', {}],
      }),
      [
        'inferenceServiceName: "My Service" is not the name of a Service; give up to 63 lower-case letters, digits and dashes, with a letter in front',
        'inferenceServicePort: 0 is not a port; give 1 to 65535',
        'modelMeshEndpoint: a list is not text; give text or a number',
        'storageSecretName: "" is not the name of a Secret; give the name of one',
        'allowAnyPVC: "yes" is not a switch; give true or false',
        'tls: "my-secret" is not a map; give its settings by name: secretName, clientAuth',
        'grpcMaxMessageSizeBytes: 2147483648 is not a whole number; give -2147483648 to 2147483647',
        'restProxy.port: 70000 is not a port; give 1 to 65535, or 0 for none',
        'restProxy.image: a list is not a map; give its settings by name: name, tag, digest',
        'restProxy.resources.requests.memory: "1 GB" is not a quantity; give one of Kubernetes, such as 500m or 1Gi, and not less than 0',
        'restProxy.resources.limits.cpu: "-1" is not a quantity; give one of Kubernetes, such as 500m or 1Gi, and not less than 0',
        'podsPerRuntime: 65536 is not a whole number; give 0 to 65535',
        'metrics.port: -1 is not a port; give 1 to 65535, or 0 for none',
        'metrics.scheme: "HTTPS" is not a scheme; give http or https',
        'scaleToZero.gracePeriodSeconds: "soon" is not a whole number; give 0 to 65535',
        'runtimePodLabels["a/b"]: a map is not text; give text or a number',
        'imagePullSecrets[0]: "a" is not a map; give its settings by name: name',
        'imagePullSecrets[1].name: is missing; give the name of one',
      ],
    );
  });

  test('has a space in a payload processor', () => {
    assert.deepEqual(problemsOf({ payloadProcessors: 'a, b' }), [
      'payloadProcessors[1]: " b" has a space in it; endpoint must not contain spaces',
    ]);
  });

  test('sets a variable that is set from the fields of the pod', () => {
    const variables = ['WKUBE_POD_NAME', 'WKUBE_POD_IPADDR', 'MM_LOCATION', 'KV_STORE'].map((name) => ({ name }));
    assert.deepEqual(problemsOf({ internalModelMeshEnvVars: variables }), [
      'internalModelMeshEnvVars[0].name: "WKUBE_POD_NAME" is set from the pod\'s own fields; give another variable',
      'internalModelMeshEnvVars[1].name: "WKUBE_POD_IPADDR" is set from the pod\'s own fields; give another variable',
      'internalModelMeshEnvVars[2].name: "MM_LOCATION" is set from the pod\'s own fields; give another variable',
    ]);
  });

  test('shows no more than the beginning of a long value', () => {
    const [problem = ''] = problemsOf({ podsPerRuntime: 'x'.repeat(100_000) });
    assert.equal(problem, `podsPerRuntime: "${'x'.repeat(60)}…" is not a whole number; give 0 to 65535`);
  });
});

describe('a warning', () => {
  test('names an unknown key, and the known one that was probably meant', () => {
    assert.deepEqual(
      warningsOf({
        podPerRuntime: 3,
        colour: null,
        'restProxy.port': 80,
        'metrics::prot': 1,
        modelMeshResources: { request: {} },
        imagePullSecrets: [{ name: 'a', names: 'b' }],
      }),
      [
        'podPerRuntime: unknown key, without effect; did you mean podsPerRuntime?',
        'colour: unknown key, without effect',
        '["restProxy.port"]: unknown key, without effect; did you mean restProxy::port?',
        'modelMeshResources.request: unknown key, without effect; did you mean modelMeshResources.requests?',
        'imagePullSecrets[0].names: unknown key, without effect; did you mean imagePullSecrets[0].name?',
        'metrics.prot: unknown key, without effect; did you mean metrics.port?',
      ],
    );
  });

  test('says which one of two spellings of a key counts', () => {
    const decoded = { podsPerRuntime: 3, PodsPerRuntime: 4 };
    assert.equal(configOf(decoded).podsPerRuntime, 4);
    assert.deepEqual(warningsOf(decoded), [
      'podsPerRuntime: given twice, as podsPerRuntime and as PodsPerRuntime; the last one counts',
    ]);
  });

  test('says what YAML has made of a text without quotes', () => {
    assert.deepEqual(warningsOf({ modelMeshImage: { tag: 1.1 }, runtimePodLabels: { 'a/b': true, c: 3 } }), [
      'modelMeshImage.tag: a number is used as "1.1"; put it in quotes, or zeros at its end are lost',
      'runtimePodLabels["a/b"]: true is used as "1"; put the text you mean in quotes',
    ]);
  });

  test('says that the key for the Secret of etcd is deprecated', () => {
    assert.deepEqual(warningsOf({ etcdSecretName: 'x' }), [
      'etcdSecretName: deprecated; name the Secret by ETCD_SECRET_NAME in the environment',
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
