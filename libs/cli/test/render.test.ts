import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, KubeObject } from '@meshkeeper/domain';
import { meshkeeper, scratchFolder, type Ran } from './bench.ts';

const ROOT = join(import.meta.dirname, '../../..');
const files = scratchFolder();
afterAll(() => files.remove());

type Example = {
  readonly config: JsonObject;
  readonly kind: 'ServingRuntime' | 'ClusterServingRuntime';
  readonly namespace: string;
  readonly runtime: KubeObject;
  readonly storageClaims?: readonly string[];
  readonly existingClaims?: readonly string[];
  readonly models?: readonly { readonly label: string; readonly claim: string }[];
  readonly tlsKeys?: readonly string[];
  readonly expected: Readonly<Record<string, KubeObject>>;
};

const readExample = (name: string): Example =>
  JSON.parse(readFileSync(join(ROOT, `libs/domain/src/render/testdata/${name}.json`), 'utf8')) as Example;

/** The objects that a user would have to write for an example. */
function manifestsOf(example: Example): readonly object[] {
  const { kind, namespace, runtime, storageClaims = [], existingClaims = [], models = [], tlsKeys } = example;
  const metadata = kind === 'ServingRuntime' ? { ...runtime.metadata, namespace } : runtime.metadata;
  const named = (name: string) => ({ metadata: { name, namespace } });
  const entries = storageClaims.map((name, i) => [`entry-${i}`, JSON.stringify({ type: 'pvc', name })] as const);
  return [
    { ...runtime, apiVersion: 'serving.kserve.io/v1alpha1', kind, metadata },
    { apiVersion: 'v1', kind: 'Secret', ...named('storage-config'), stringData: Object.fromEntries(entries) },
    ...existingClaims.map((name) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...named(name) })),
    ...models.map(({ label, claim }, i) => ({
      apiVersion: 'serving.kserve.io/v1alpha1',
      kind: 'Predictor',
      ...named(`model-${i}`),
      spec: {
        modelType: { name: label.slice('mt:'.length) },
        storage: { path: 'a', parameters: { type: 'pvc', name: claim } },
      },
    })),
    ...(tlsKeys === undefined
      ? []
      : [
          {
            apiVersion: 'v1',
            kind: 'Secret',
            ...named('mesh-tls'),
            data: Object.fromEntries(tlsKeys.map((key) => [key, ''])),
          },
        ]),
  ];
}

/** They are in the first line, and each model in one of the lines after it. */
const objectsOf = ({ out }: Ran): readonly KubeObject[] =>
  (JSON.parse(out.split('\n')[0] ?? '') as { readonly items: readonly KubeObject[] }).items;
const shortNames = (ran: Ran): readonly string[] =>
  objectsOf(ran).map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);

/** The Deployment, without the annotations that are ours alone. */
function deploymentIn(ran: Ran): unknown {
  const found = objectsOf(ran).find(({ kind }) => kind === 'Deployment');
  const { annotations, ...metadata } = found?.metadata ?? { annotations: {} };
  assert.deepEqual(Object.keys(annotations ?? {}), [
    'meshkeeper.dev/rendering-revision',
    'meshkeeper.dev/template-hash',
  ]);
  return { ...found, metadata };
}

const runtime = (name: string, more: object = {}, spec: object = {}) => ({
  apiVersion: 'serving.kserve.io/v1alpha1',
  kind: 'ServingRuntime',
  metadata: { name, ...more },
  spec: {
    multiModel: true,
    supportedModelFormats: [{ name: 'sklearn', autoSelect: true }],
    grpcEndpoint: 'port:8085',
    containers: [{ name: 'server', image: 'a/b:1' }],
    ...spec,
  },
});
const clusterRuntime = (name: string) => ({ ...runtime(name), kind: 'ClusterServingRuntime' });
const namespace = (name: string, labels: JsonObject = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const model = {
  apiVersion: 'serving.kserve.io/v1alpha1',
  kind: 'Predictor',
  metadata: { name: 'm', namespace: 'team-b' },
};

/** Renders objects as JSON. */
function render(objects: readonly object[], ...args: readonly string[]): Promise<Ran> {
  const file = files.write('objects.json', { apiVersion: 'v1', kind: 'List', items: objects });
  return meshkeeper(['render', '-f', file, '-o', 'json', ...args]);
}

describe('rendering an example of the original', () => {
  for (const name of ['built-in-adapter', 'puller-and-tls']) {
    for (const revision of ['0', '1', '2']) {
      test(`gives the same Deployment at revision ${revision}: ${name}`, async () => {
        const example = readExample(name);
        const config = files.write('config.yaml', JSON.stringify(example.config));
        const args = ['--config', config, '--namespace', example.namespace, '--revision', revision];
        const ran = await render(manifestsOf(example), ...args);
        assert.deepEqual([ran.code, ran.err], [0, '']);
        assert.deepEqual(deploymentIn(ran), example.expected[revision]);
      });
    }
  }
});

describe('render', () => {
  test('prints all that a namespace needs, and of the Secret no data', async () => {
    const ran = await render([runtime('a', { namespace: 'team-a', uid: 'its-uid' })]);
    assert.deepEqual(shortNames(ran), [
      'ConfigMap team-a/tc-config',
      'Secret team-a/model-serving-etcd',
      'Service team-a/modelmesh-serving',
      'ServiceMonitor team-a/modelmesh-metrics-monitor',
      'Deployment team-a/modelmesh-serving-a',
    ]);
    const [, secret, service, , deployment] = objectsOf(ran);
    assert.equal(secret?.['data'], undefined);
    const owners = [service, deployment].map((object) => object?.metadata.ownerReferences?.[0]?.uid);
    assert.deepEqual(owners, ['', 'its-uid']);
  });

  test('prints YAML documents with comments where an object alone does not show everything', async () => {
    const { out } = await meshkeeper(['render', '-f', files.write('a.yaml', runtime('a', { namespace: 'team-a' }))]);
    assert.match(
      out,
      /^# Its data are copied from Secret modelmesh-serving\/model-serving-etcd .*\napiVersion: v1\nkind: Secret/m,
    );
    assert.match(out, /^# Only where the Prometheus operator is installed\.$/m);
    assert.equal(out.match(/^---$/gm)?.length, 4);
  });

  test("puts the cluster's runtimes where models are, in the given namespace, or with the controller", async () => {
    const deployments = async (objects: readonly object[], ...args: readonly string[]): Promise<readonly string[]> =>
      shortNames(await render(objects, ...args)).filter((name) => name.startsWith('Deployment'));
    const shared = clusterRuntime('a');
    assert.deepEqual(await deployments([shared]), ['Deployment modelmesh-serving/modelmesh-serving-a']);
    assert.deepEqual(await deployments([shared, model]), ['Deployment team-b/modelmesh-serving-a']);
    assert.deepEqual(await deployments([shared, runtime('b')], '-n', 'team-c'), [
      'Deployment team-c/modelmesh-serving-a',
      'Deployment team-c/modelmesh-serving-b',
    ]);
    const enabled = namespace('team-d', { 'modelmesh-enabled': 'true' });
    assert.deepEqual(await deployments([shared, enabled]), ['Deployment team-d/modelmesh-serving-a']);
  });

  test('makes nothing in a namespace whose object does not enable it, and says so, unless it is asked to', async () => {
    const objects = [namespace('team-a'), runtime('a', { namespace: 'team-a' })];
    const ran = await render(objects);
    assert.deepEqual([ran.code, shortNames(ran)], [0, []]);
    assert.match(ran.err, /^warning: ServingRuntime team-a\/a: its namespace is not enabled/);
    assert.equal(shortNames(await render(objects, '-n', 'team-a')).length, 5);
  });

  test('in namespace scope knows nothing of the cluster, and the Service belongs to no Namespace', async () => {
    const ran = await render([clusterRuntime('a'), runtime('b')], '--namespace-scope', '--own-namespace', 'mine');
    assert.deepEqual(shortNames(ran), [
      'ConfigMap mine/tc-config',
      'Service mine/modelmesh-serving',
      'ServiceMonitor mine/modelmesh-metrics-monitor',
      'Deployment mine/modelmesh-serving-b',
    ]);
    assert.equal(objectsOf(ran)[1]?.metadata.ownerReferences, undefined);
  });

  test('shows runtimes at full size, and with scale to zero only those that a model needs', async () => {
    const predictor = { ...model, spec: { modelType: { name: 'sklearn' }, storage: { path: 'x' } } };
    const other = runtime(
      'other',
      { namespace: 'team-b' },
      { supportedModelFormats: [{ name: 'onnx', autoSelect: true }] },
    );
    const objects = [runtime('a', { namespace: 'team-b' }), other, predictor];
    const sizes = async (...args: readonly string[]): Promise<readonly unknown[]> =>
      objectsOf(await render(objects, ...args))
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ spec }) => (spec as JsonObject)['replicas']);
    assert.deepEqual(await sizes(), [2, 2]);
    assert.deepEqual(await sizes('--with-scale-to-zero'), [2, 0]);
  });

  test('fails for an invalid runtime with its name and the reason, and renders the others', async () => {
    const bad = runtime('bad', { namespace: 'team-a' }, { containers: [{ name: 'mm' }] });
    const ran = await render([bad, runtime('good', { namespace: 'team-a' })]);
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^error: ServingRuntime team-a\/bad: Invalid runtime Spec: .*mm is reserved/m);
    assert.ok(shortNames(ran).includes('Deployment team-a/modelmesh-serving-good'));
  });

  test('fails for a wrong configuration with every field, and only warns of unknown keys', async () => {
    const config = (text: string): string => files.write('config.yaml', text);
    const wrong = await render([runtime('a')], '--config', config('podsPerRuntime: many\nmetrics: {port: -1}\n'));
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.err,
      /^error: ConfigMap modelmesh-serving\/model-serving-config: podsPerRuntime: .*\nerror: .* metrics\.port: /,
    );
    const unknown = await render([runtime('a')], '--config', config('podsPerRuntimes: 3\n'));
    assert.equal(unknown.code, 0);
    assert.match(unknown.err, /^warning: .*podsPerRuntimes: .*did you mean podsPerRuntime/);
    const broken = await render([runtime('a')], '--config', config('a: [\n'));
    assert.match(broken.err, /^error: ConfigMap modelmesh-serving\/model-serving-config: While parsing config/);
  });

  test('takes the configuration from a ConfigMap too, in a file of its own or among the others', async () => {
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'model-serving-config' },
      data: { 'config.yaml': 'inferenceServiceName: other\n' },
    };
    for (const ran of [
      await render([runtime('a', { namespace: 'team-a' }), configMap]),
      await render([runtime('a', { namespace: 'team-a' })], '--config', files.write('map.json', configMap)),
    ])
      assert.ok(shortNames(ran).includes('Service team-a/other'), ran.err);
  });

  test('notes what it leaves aside, and a Secret that it cannot know', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
    const config = files.write('config.yaml', 'tls: {secretName: mesh-tls}\n');
    const ran = await render([runtime('a', { namespace: 'team-a' }), pod, pod], '--config', config);
    assert.equal(ran.code, 0);
    assert.equal(
      ran.err,
      'note: objects of kind Pod (v1) are ignored\n' +
        'warning: Secret team-a/mesh-tls is not among the files; it is taken to be there, without ca.crt\n',
    );
  });

  test('reads folders and standard input', async () => {
    const folder = await meshkeeper(['render', '-f', join(ROOT, 'deploy/runtimes'), '-n', 'x', '-o', 'json']);
    assert.equal(folder.code, 0);
    assert.match(folder.err, /^note: the kustomization of .*deploy\/runtimes is not applied; /);
    assert.ok(shortNames(folder).includes('Deployment x/modelmesh-serving-mlserver-1.x'));
    const piped = await meshkeeper(['render', '-f', '-', '-o', 'json'], JSON.stringify(runtime('a')));
    assert.ok(shortNames(piped).includes('Deployment modelmesh-serving/modelmesh-serving-a'));
  });
});

describe('the command line', () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown command', ['make'], /^error: there is no command make; see meshkeeper --help\n$/],
    ['an unknown option', ['render', '--bogus'], /^error: Unknown option '--bogus'; see meshkeeper render --help\n$/],
    ['no file', ['render'], /^error: give at least one -f FILE; see meshkeeper render --help\n$/],
    ['a file that is not there', ['render', '-f', '/no/such'], /^error: \/no\/such cannot be read: ENOENT.*\n$/],
    ['an unknown format', ['render', '-f', 'x', '-o', 'xml'], /^error: --output xml: give yaml or json\n$/],
    ['an unknown revision', ['render', '-f', 'x', '--revision', '9'], /^error: --revision 9: there is no such/],
    [
      'a kubeconfig that is not there',
      ['plan', '--kubeconfig', '/no/such'],
      /^error: Cannot read the kubeconfig \/no\/such: .*\n$/,
    ],
  ];
  for (const [name, args, message] of cases) {
    test(`answers ${name} with one line and 1`, async () => {
      const { code, out, err } = await meshkeeper(args);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, message);
    });
  }

  test('explains itself', async () => {
    for (const args of [[], ['--help'], ['render', '--help'], ['plan', '-h']]) {
      const { code, out, err } = await meshkeeper(args);
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^Usage: meshkeeper /);
    }
  });

  test('is installed under both names', () => {
    const bin = join(ROOT, 'node_modules/.bin');
    for (const name of ['meshkeeper', 'kubectl-meshkeeper']) {
      const out = execFileSync(join(bin, name), ['render', '--help'], {
        env: { PATH: `${bin}:${process.env['PATH']}` },
      });
      assert.match(out.toString(), /^Usage: meshkeeper render/);
    }
  });
});
