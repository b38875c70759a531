import assert from 'node:assert/strict';
import type { MeshConfig } from '../config/mesh-config.ts';
import type { KubeObject } from '../objects/reduce.ts';
import type { MeshSnapshot, NamedRuntime } from '../snapshot/snapshot.ts';
import { aMeshSnapshot, CONFIG, NOW, stored, viewed } from '../testing/builders.ts';
import { plan } from './plan.ts';
import type { Plan } from './step.ts';

const RUNTIME: NamedRuntime = {
  kind: 'ServingRuntime',
  name: 'r',
  multiModel: true,
  disabled: false,
  labels: ['mt:onnx', 'pv:grpc-v2', 'rt:r'],
  formats: [{ name: 'onnx', autoSelect: true }],
  protocols: ['grpc-v2'],
  pulls: true,
};
const configured = (more: Partial<MeshConfig>) => ({
  config: { kind: 'ok' as const, config: { ...CONFIG, ...more }, warnings: [] },
});
const planOf = (more: Partial<MeshSnapshot> = {}): Plan => plan(aMeshSnapshot(more), NOW);
const words = ({ steps }: Plan): readonly string[] =>
  steps.map((step) => ('target' in step ? `${step.kind} ${step.target.kind} ${step.target.name}` : step.kind));

function created(more: Partial<MeshSnapshot>, kind: string): KubeObject {
  const step = planOf(more).steps.find((candidate) => candidate.kind === 'create' && candidate.target.kind === kind);
  assert.ok(step?.kind === 'create', `no ${kind} is created`);
  return stored(step.object);
}

/** A namespace whose objects are as they should be. */
function settled(more: Partial<MeshSnapshot> = {}): Partial<MeshSnapshot> {
  const etcdCopy = viewed('etcdSecrets', {
    metadata: {
      name: 'model-serving-etcd',
      namespace: 'team-a',
      resourceVersion: '9',
      labels: { 'app.kubernetes.io/managed-by': 'modelmesh-controller' },
    },
  });
  const base = { runtimes: [RUNTIME], ...more };
  return {
    services: [viewed('services', created(base, 'services'))],
    typeConstraints: viewed('typeConstraints', created(base, 'typeConstraints')),
    etcdCopy,
    memory: { copied: { from: '5', to: '9' } },
    ...base,
  };
}

const textOf = (object: KubeObject, key: string): string =>
  Buffer.from((object['binaryData'] as Readonly<Record<string, string>>)[key] ?? '', 'base64').toString();

describe('the objects of a namespace', () => {
  test('are created, each by one write', () => {
    assert.deepEqual(words(planOf({ runtimes: [RUNTIME] })), [
      'create typeConstraints tc-config',
      'copySecret etcdSecrets model-serving-etcd',
      'create services modelmesh-serving',
    ]);
  });

  test('cost no write once they are there', () => assert.deepEqual(words(planOf(settled())), []));

  test('are, without a runtime, the Service alone', () => {
    assert.deepEqual(words(planOf()), ['create services modelmesh-serving']);
    assert.deepEqual(words(planOf({ ...settled(), runtimes: [] })), [
      'delete typeConstraints tc-config',
      'delete etcdSecrets model-serving-etcd',
    ]);
  });

  test('are there for a runtime for one model too, if it is the namespace’s own', () => {
    const single = { ...RUNTIME, multiModel: false };
    const cluster = { ...single, kind: 'ClusterServingRuntime' as const };
    assert.deepEqual(words(planOf({ runtimes: [cluster] })), ['create services modelmesh-serving']);
    assert.equal(
      textOf(created({ runtimes: [single] }, 'typeConstraints'), 'type_constraints'),
      '{"_default":{"required":["_no_runtime"]}}',
    );
  });

  test('are removed with the label of the namespace, except for objects of others', () => {
    const unlabelled = { ...settled(), namespaceEnabled: false };
    assert.deepEqual(words(planOf(unlabelled)), [
      'delete services modelmesh-serving',
      'delete typeConstraints tc-config',
      'delete etcdSecrets model-serving-etcd',
    ]);
    const foreign = viewed('etcdSecrets', { metadata: { name: 'model-serving-etcd', namespace: 'team-a' } });
    const without = planOf({ ...unlabelled, etcdCopy: foreign, typeConstraints: undefined });
    assert.deepEqual(words(without), ['delete services modelmesh-serving']);
  });

  test('stay as they are while a source is not known', () => {
    assert.deepEqual(words(planOf({ ...settled(), runtimes: [], complete: false })), []);
  });

  test('of a namespace that is going go with it', () => {
    const metadata = { name: 'team-a', deletionTimestamp: '2026-06-01T12:00:00Z' };
    const going = { ...settled(), namespaceEnabled: false, namespace: viewed('namespaces', { metadata }) };
    assert.deepEqual(words(planOf(going)), []);
  });
});

describe('the type constraints', () => {
  test('follow the REST proxy, which adds a protocol', () => {
    const restProxy = { ...CONFIG.restProxy, enabled: true };
    const more = { runtimes: [RUNTIME], ...configured({ restProxy }) };
    assert.match(textOf(created(more, 'typeConstraints'), 'type_constraints'), /"mt:onnx\|pv:v2"/);
    assert.deepEqual(words(planOf({ ...settled(), ...configured({ restProxy }) })), [
      'apply typeConstraints tc-config',
      'apply services modelmesh-serving',
    ]);
  });

  test('leave out runtimes that are disabled, and those for one model', () => {
    const others = [
      { ...RUNTIME, name: 'off', disabled: true, labels: ['rt:off'] },
      { ...RUNTIME, name: 'one', multiModel: false, labels: ['rt:one'] },
    ];
    const text = textOf(created({ runtimes: [RUNTIME, ...others] }, 'typeConstraints'), 'type_constraints');
    assert.deepEqual(Object.keys(JSON.parse(text) as object), ['_default', 'mt:onnx', 'mt:onnx|pv:grpc-v2', 'rt:r']);
  });
});

describe('the copy of the etcd Secret', () => {
  test('is copied again when either Secret has changed since', () => {
    const copy = ['copySecret etcdSecrets model-serving-etcd'];
    assert.deepEqual(words(planOf({ ...settled(), etcdSource: '6' })), copy);
    assert.deepEqual(words(planOf({ ...settled(), etcdCopy: undefined })), copy);
    assert.deepEqual(words(planOf({ ...settled(), memory: {} })), copy);
  });

  test('is not needed in the controller’s own namespace', () => {
    const own = { ...settled(), ownNamespace: 'team-a', etcdCopy: undefined, memory: {} };
    assert.deepEqual(words(planOf(own)), []);
  });

  test('waits for the Secret, and says so', () => {
    const { steps, warnings } = planOf({ ...settled(), etcdSource: undefined, memory: {} });
    assert.deepEqual([steps, warnings.map(({ reason }) => reason)], [[], ['EtcdSecretMissing']]);
  });
});

describe('the inference Service', () => {
  test('is recreated to become headless, or not', () => {
    assert.deepEqual(words(planOf({ ...settled(), ...configured({ headlessService: false }) })), [
      'delete services modelmesh-serving',
      'create services modelmesh-serving',
    ]);
  });

  test('under a former name goes once the new one is there', () => {
    assert.deepEqual(words(planOf({ ...settled(), ...configured({ inferenceServiceName: 'mesh' }) })), [
      'create services mesh',
      'delete services modelmesh-serving',
    ]);
  });

  test('has no port that is 0', () => {
    const restProxy = { ...CONFIG.restProxy, enabled: true, port: 0 };
    const metrics = { ...CONFIG.metrics, port: 0 };
    const { spec } = created(configured({ restProxy, metrics }), 'services');
    assert.deepEqual(
      (spec as { readonly ports: readonly { readonly name: string }[] }).ports.map(({ name }) => name),
      ['grpc'],
    );
  });
});

describe('the ServiceMonitor', () => {
  const known = { serviceMonitorsComplete: true };

  test('follows the Service that it belongs to', () => {
    assert.deepEqual([words(planOf(known)), planOf(known).lookAgainMs], [['create services modelmesh-serving'], 1]);
    assert.deepEqual(words(planOf({ ...settled(), ...known })), ['create serviceMonitors modelmesh-metrics-monitor']);
  });

  test('costs no write while it is right, whatever else changes (its comparison was once inverted)', () => {
    const base = { ...settled(), ...known };
    const serviceMonitor = viewed('serviceMonitors', created(base, 'serviceMonitors'));
    assert.deepEqual(words(planOf({ ...base, serviceMonitor })), []);
    const metrics = { ...CONFIG.metrics, scheme: 'http' as const };
    assert.deepEqual(words(planOf({ ...base, serviceMonitor, ...configured({ metrics }) })), [
      'apply serviceMonitors modelmesh-metrics-monitor',
    ]);
  });

  test('is not made where its kind is unknown, nor where it is not wanted', () => {
    const metrics = { ...CONFIG.metrics, disablePrometheusOperatorSupport: true };
    assert.deepEqual(words(planOf(settled())), []);
    assert.deepEqual(words(planOf({ ...settled(), ...known, ...configured({ metrics }) })), []);
  });
});

describe('the configuration', () => {
  const configMap = (problems: readonly string[], warnings: readonly string[]) => ({
    configMap: { body: viewed('config', { metadata: { name: 'model-serving-config' } }).body, problems, warnings },
  });

  test('that is wrong is said about its ConfigMap, while the last good one stays in force', () => {
    const { steps, warnings } = planOf({ ...settled(), ...configMap(['metrics.port: 70000 is not a port'], []) });
    assert.deepEqual(steps, []);
    assert.deepEqual(warnings, [
      {
        about: 'config',
        reason: 'InvalidConfiguration',
        message: 'metrics.port: 70000 is not a port (the last good configuration stays in force)',
      },
    ]);
  });

  test('that holds something unknown is said too', () => {
    const { warnings } = planOf({ ...settled(), ...configMap([], ['podPerRuntime is unknown']) });
    assert.deepEqual(
      warnings.map(({ reason, about }) => [reason, about]),
      [['ConfigurationWarning', 'config']],
    );
  });
});
