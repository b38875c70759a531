import assert from 'node:assert/strict';
import { parseConfig } from '../../config/parse-config.ts';
import * as fc from 'fast-check';
import { hashOf, type JsonObject } from '../../objects/reduce.ts';
import { aRuntime, aRuntimeSnapshot, viewed } from '../../testing/builders.ts';
import type { Revision } from '../../config/base-values.ts';
import { parseEndpoint } from '../../validation/endpoint.ts';
import { renderRuntime } from '../render-runtime.ts';
import { imageOf } from './pod-input.ts';
import { modelsSizeLimit } from './volumes.ts';

type Named = { readonly name: string; readonly [field: string]: unknown };
type Template = {
  readonly metadata: { readonly labels: JsonObject; readonly annotations?: JsonObject };
  readonly spec: {
    readonly [field: string]: unknown;
    readonly containers: readonly Named[];
    readonly volumes: readonly Named[];
  };
};

function render(
  spec: JsonObject,
  config: JsonObject = {},
  revision: Revision = 1,
  claims: readonly string[] = [],
): Template {
  const parsed = parseConfig({ restProxy: { enabled: false }, ...config });
  assert.ok(parsed.kind === 'ok', JSON.stringify(parsed));
  const runtime = { ...viewed('servingRuntimes', aRuntime(spec)), kind: 'ServingRuntime' as const };
  const rendered = renderRuntime(aRuntimeSnapshot({ runtime, storageClaims: claims }), parsed.config);
  assert.ok(rendered.kind === 'ok', JSON.stringify(rendered));
  return JSON.parse(JSON.stringify(rendered.templateAt(revision))) as Template;
}

const namesOf = (template: Template): readonly string[] => template.spec.containers.map(({ name }) => name);
const container = (template: Template, name: string): Named => {
  const found = template.spec.containers.find((candidate) => candidate.name === name);
  assert.ok(found, `no container ${name}`);
  return found;
};
const mountsOf = (template: Template, name: string): readonly string[] =>
  (container(template, name)['volumeMounts'] as readonly Named[]).map(
    (mount) => `${mount.name}:${String(mount['mountPath'])}`,
  );
const envOf = (template: Template, name: string): readonly string[] =>
  (container(template, name)['env'] as readonly Named[]).map((entry) => `${entry.name}=${String(entry['value'])}`);

const server = (name: string, more: JsonObject = {}): JsonObject => ({ name, image: 'a/b:1', ...more });
const REST = { restProxy: { enabled: true } };
const adapter = { builtInAdapter: { serverType: 'mlserver' }, containers: [server('mlserver')] };

describe('the containers of a pod', () => {
  const three = [server('r1'), server('r2'), server('r3')];
  const cases: readonly (readonly [string, JsonObject, JsonObject, readonly string[]])[] = [
    ['built-in adapter', adapter, {}, ['mlserver-adapter', 'mlserver', 'mm']],
    ['built-in adapter and REST proxy', adapter, REST, ['rest-proxy', 'mlserver', 'mlserver-adapter', 'mm']],
    ['puller', { containers: three }, {}, ['r3', 'r1', 'r2', 'mm', 'puller']],
    ['puller and REST proxy', { containers: three }, REST, ['rest-proxy', 'r1', 'r2', 'r3', 'mm', 'puller']],
    ['neither', { containers: three, storageHelper: { disabled: true } }, REST, ['rest-proxy', 'r1', 'r2', 'r3', 'mm']],
    [
      'helper said to be wanted',
      { containers: [server('r')], storageHelper: { disabled: false } },
      {},
      ['r', 'mm', 'puller'],
    ],
  ];
  for (const [name, spec, config, expected] of cases)
    test(`are in the original's order: ${name}`, () => assert.deepEqual(namesOf(render(spec, config)), expected));

  test('are each named once: a later one of the same name takes the earlier one’s place', () => {
    const template = render({
      containers: [server('a', { image: 'old' }), server('b'), server('a', { image: 'new' })],
    });
    assert.deepEqual([namesOf(template), container(template, 'a')['image']], [['b', 'a', 'mm', 'puller'], 'new']);
  });

  test('never show the storage credentials to a model server, however many claims there are', () => {
    for (let count = 0; count <= 16; count += 1) {
      const claims = Array.from({ length: count }, (_, i) => `claim-${String(i).padStart(2, '0')}`);
      const own = (name: string) => server(name, { volumeMounts: [{ name: `own-${name}`, mountPath: `/${name}` }] });
      const spec = { ...adapter, containers: [own('mlserver'), own('second')] };
      const template = render(spec, {}, 0, claims);
      const shared = ['models-dir:/models', ...claims.map((claim) => `${claim}:/pvc_mounts/${claim}`)];
      assert.deepEqual(mountsOf(template, 'mlserver'), [...shared, 'own-mlserver:/mlserver']);
      assert.deepEqual(mountsOf(template, 'second'), [...shared, 'own-second:/second']);
      assert.deepEqual(mountsOf(template, 'mlserver-adapter'), [...shared, 'storage-config:/storage-config']);
    }
  });
});

describe('sockets', () => {
  test('are mounted where the second endpoint names one, from revision 1 on', () => {
    const spec = { grpcDataEndpoint: 'port:1', grpcEndpoint: 'unix:/a/m', storageHelper: { disabled: true } };
    const mounted = (revision: Revision) => mountsOf(render(spec, {}, revision), 'mm').includes('domain-socket:/a');
    assert.deepEqual([mounted(0), mounted(1)], [false, true]);
    assert.ok(mountsOf(render(spec, {}, 0), 'server').includes('domain-socket:/a'));
  });

  test('are parsed as the original does', () => {
    const unix = (path: string, directory: string) => ({ kind: 'unix', path, directory });
    const cases: Readonly<Record<string, object>> = {
      'port:80port:81': { kind: 'port', port: '80port:81' },
      'unix://b.sock': unix('b.sock', '.'),
      'unix:///a/b.sock': unix('/a/b.sock', '/a'),
      'unix:/a/': unix('/a/', '/a'),
      'http://x:1/y': unix('http://x:1/y', 'http:/x:1'),
    };
    for (const [text, expected] of Object.entries(cases)) assert.deepEqual(parseEndpoint(text), expected, text);
  });
});

describe('the models volume', () => {
  test('has room for one and a half times the servers’ memory', () => {
    const limit = (...memory: readonly (string | undefined)[]): string =>
      modelsSizeLimit(
        memory.map((amount, i) => ({
          name: `c${i}`,
          image: undefined,
          volumeMounts: [],
          ...(amount === undefined ? {} : { resources: { limits: { memory: amount } } }),
        })),
      );
    assert.deepEqual(
      [limit('1Gi'), limit('100M', '1Gi'), limit('3'), limit('1001Ki'), limit('10G'), limit('1Ti'), limit(undefined)],
      ['1536Mi', '1760612736', '4', '1537536', '15000000000', '1536Gi', '0'],
    );
  });
});

describe('the environment of the mesh', () => {
  test('can be added to, but not where the mesh could no longer work', () => {
    const internalModelMeshEnvVars = [
      { name: 'MM_SERVICE_NAME', value: 'x' },
      { name: 'KV_STORE', value: 'x' },
      { name: 'MM_KVSTORE_PREFIX', value: 'x' },
      { name: 'NEW', value: 'y' },
    ];
    const env = envOf(render({}, { internalModelMeshEnvVars }), 'mm');
    const seen = ['MM_SERVICE_NAME', 'KV_STORE', 'MM_KVSTORE_PREFIX', 'NEW'].map((name) =>
      env.filter((entry) => entry.startsWith(`${name}=`)).join(),
    );
    assert.deepEqual(seen, [
      'MM_SERVICE_NAME=x',
      'KV_STORE=etcd:/opt/kserve/mmesh/etcd/etcd_connection',
      'MM_KVSTORE_PREFIX=mm',
      'NEW=y',
    ]);
  });

  test('names payload processors with one space between them, and none at all where there are none', () => {
    const processors = (payloadProcessors: readonly string[]) =>
      envOf(render({}, { payloadProcessors }), 'mm').filter((entry) => entry.startsWith('MM_PAYLOAD'));
    assert.deepEqual(
      [processors([]), processors(['', 'x']), processors(['a', 'b'])],
      [[], ['MM_PAYLOAD_PROCESSORS= x'], ['MM_PAYLOAD_PROCESSORS=a b']],
    );
  });
});

describe('a pod', () => {
  test('may not choose a mesh of another architecture, whatever its runtime says', () => {
    const term = { matchExpressions: [{ key: 'gpu', operator: 'Exists' }] };
    const own = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } };
    const { affinity } = render({ affinity: own }).spec as unknown as { readonly affinity: typeof own };
    const terms = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    assert.deepEqual(
      terms.map(({ matchExpressions: [first] }) => first?.key),
      ['gpu', 'kubernetes.io/arch'],
    );
  });

  test('pulls with the configured Secrets and its runtime’s, each once', () => {
    const named = (...names: readonly string[]) => names.map((name) => ({ name }));
    const { imagePullSecrets } = render(
      { imagePullSecrets: named('b', 'c', 'a', 'c') },
      { imagePullSecrets: named('a', 'b') },
    ).spec;
    assert.deepEqual(imagePullSecrets, named('a', 'b', 'c'));
  });

  test('carries configured labels as they are written from revision 1 on', () => {
    const config = { runtimePodLabels: { Foo: 'Bar', 'a.b/C': '1' } };
    const labels = (revision: Revision) => Object.keys(render({}, config, revision).metadata.labels).slice(-2);
    assert.deepEqual(
      [labels(0), labels(1)],
      [
        ['foo', 'a.b/c'],
        ['Foo', 'a.b/C'],
      ],
    );
  });

  test('starts without a storage Secret from revision 1 on', () => {
    const optional = (revision: Revision) =>
      render({}, {}, revision).spec.volumes.find(({ name }) => name === 'storage-config')?.['secret'];
    assert.deepEqual(
      [optional(0), optional(1)],
      [{ secretName: 'storage-config' }, { secretName: 'storage-config', optional: true }],
    );
  });

  test('is not ready before its REST proxy takes calls, from revision 2 on', () => {
    const probe = (revision: Revision) => container(render({}, REST, revision), 'rest-proxy')['readinessProbe'];
    const asked = { tcpSocket: { port: 'http' }, periodSeconds: 2, timeoutSeconds: 1 };
    assert.deepEqual([probe(0), probe(1), probe(2)], [undefined, undefined, asked]);
  });

  test('mounts an etcd Secret of any name', () => {
    const etcd = render({}).spec.volumes.find(({ name }) => name === 'etcd-config')?.['secret'];
    assert.deepEqual(etcd, { secretName: 'model-serving-etcd' });
  });
});

describe('the order of maps', () => {
  const maps = fc.dictionary(fc.constantFrom('a', 'b.c/d', 'tier', 'Team'), fc.constantFrom('', '1', 'x'), {
    maxKeys: 4,
  });
  const inputs = fc.record({
    labels: maps,
    annotations: maps,
    nodeSelector: maps,
    configured: maps,
    revision: fc.constantFrom(0, 1, 2),
  });
  const reversed = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(map).toReversed());

  test('counts for nothing: the same template with the same hash is rendered, each time', () => {
    fc.assert(
      fc.property(inputs, ({ labels, annotations, nodeSelector, configured, revision }) => {
        const config = (map: Readonly<Record<string, string>>) => ({
          runtimePodLabels: map,
          runtimePodAnnotations: map,
        });
        const one = render({ labels, annotations, nodeSelector }, config(configured), revision);
        const spec = {
          labels: reversed(labels),
          annotations: reversed(annotations),
          nodeSelector: reversed(nodeSelector),
        };
        const other = render(reversed(spec), config(reversed(configured)), revision);
        assert.deepEqual(other, one);
        assert.equal(hashOf(other as unknown as JsonObject), hashOf(one as unknown as JsonObject));
      }),
    );
  });
});

describe('an image', () => {
  const base = { name: 'n', tag: 'latest', digest: '' };
  test('is named by its digest, else by its tag', () => {
    assert.deepEqual(
      [
        imageOf({ name: 'n', tag: 't', digest: 'd' }, base, 1),
        imageOf({ tag: 't' }, base, 1),
        imageOf({ tag: '' }, base, 1),
      ],
      ['n@d', 'n:t', 'n'],
    );
  });

  test('takes the user’s tag before a default digest from revision 1 on', () => {
    const digested = { ...base, digest: 'd' };
    assert.deepEqual([imageOf({ tag: 'v2' }, digested, 0), imageOf({ tag: 'v2' }, digested, 1)], ['n@d', 'n:v2']);
  });
});
