import type { KindName } from '../objects/kinds.ts';
import { reduce, type KubeObject, type ReducedObject } from '../objects/reduce.ts';
import { aRuntime } from '../testing/builders.ts';
import { factsOf, isPaused, readyAddresses, serviceOf, storageOf } from './facts.ts';

const CONTEXT = { ownNamespace: 'own' };
const of = (kind: KindName, object: KubeObject) => factsOf(kind, reduce(kind, object), CONTEXT);
const namespace = (name: string, labels?: Readonly<Record<string, string>>, phase?: string) => ({
  metadata: { name, ...(labels && { labels }) },
  ...(phase !== undefined && { status: { phase } }),
});
const label = (text: string) => ({ 'modelmesh-enabled': text });

test.each<[string, KubeObject, boolean]>([
  ['with the label is enabled', namespace('n', label('true')), true],
  ['with another label is not', namespace('n', label('yes')), false],
  ['without a label is not', namespace('n'), false],
  ['of the controller is enabled without a label', namespace('own'), true],
  ['of the controller is not enabled with another label', namespace('own', label('false')), false],
  ['that is active is enabled', namespace('n', label('true'), 'Active'), true],
  ['that is going is not', namespace('n', label('true'), 'Terminating'), false],
])('a namespace %s', (_rule, object, enabled) => {
  expect(of('namespaces', object)).toEqual({ enabled, paused: false });
});

test('only the text true pauses an object', () => {
  const paused = (value?: string) => {
    const annotations = value === undefined ? {} : { 'meshkeeper.dev/paused': value };
    return isPaused({ metadata: { name: 'x', annotations }, managers: [] });
  };
  expect([paused('true'), paused('yes'), paused()]).toEqual([true, false, false]);
});

test('a runtime says whether it is for many models, disabled, and pulls its models', () => {
  const facts = (spec: Parameters<typeof aRuntime>[0]) => {
    const { multiModel, disabled, pulls } = of('servingRuntimes', aRuntime(spec)) as Readonly<Record<string, unknown>>;
    return [multiModel, disabled, pulls];
  };
  const off = { storageHelper: { disabled: true } };
  expect([
    facts({}),
    facts({ multiModel: false, disabled: true }),
    facts(off),
    facts({ ...off, builtInAdapter: { serverType: 'x' } }),
    facts({ ...off, builtInAdapter: null }),
    facts({ storageHelper: { disabled: false } }),
  ]).toEqual([
    [true, false, true],
    [false, true, true],
    [true, false, false],
    [true, false, true],
    [true, false, false],
    [true, false, true],
  ]);
});

test('a model’s key names an entry, a type and a claim', () => {
  const key = (entry: unknown, parameters?: unknown) =>
    JSON.stringify({ storage_key: entry, storage_params: parameters });
  const none = { entry: undefined, type: undefined, claim: undefined };
  expect([
    storageOf(key('k', { type: 's3', name: 'c' })),
    storageOf(key('k', { type: 'pvc', name: 'c' })),
    storageOf(key(1, { type: 2, name: 3 })),
    storageOf(key(undefined, { type: 'pvc', name: 3 })),
    storageOf('{}'),
  ]).toEqual([
    { entry: 'k', type: 's3', claim: undefined },
    { entry: 'k', type: 'pvc', claim: 'c' },
    none,
    { ...none, type: 'pvc' },
    none,
  ]);
});

test('the ready addresses are those of the port named grpc, in order', () => {
  const slice = (data: object): ReducedObject =>
    ({ metadata: { name: 's' }, managers: [], data }) as unknown as ReducedObject;
  const ports = [
    { name: 'http', port: 1 },
    { name: 'grpc', port: 2 },
  ];
  const endpoints = [
    { addresses: ['b'], conditions: { ready: true } },
    { addresses: ['a'], conditions: {} },
    { addresses: ['c'], conditions: { ready: false } },
    { addresses: ['d'], conditions: { ready: null } },
    { addresses: ['e'], conditions: 'x' },
  ];
  expect(readyAddresses(slice({ ports, endpoints }))).toEqual(['a:2', 'b:2', 'd:2', 'e:2']);
  expect(readyAddresses(slice({ ports: [ports[0]], endpoints }))).toEqual([]);
  expect([readyAddresses(slice({ ports: 'x', endpoints })), readyAddresses(slice({ ports, endpoints: 'x' }))]).toEqual([
    [],
    [],
  ]);
  expect(readyAddresses(slice({}))).toEqual([]);
  const named = { ...slice({}), metadata: { name: 's', labels: { 'kubernetes.io/service-name': 'v' } } };
  expect([serviceOf(named), serviceOf(slice({}))]).toEqual(['v', '']);
});
