import assert from 'node:assert/strict';
import { configOf, problemsOf, warningsOf } from '../testing/config-readings.ts';

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
