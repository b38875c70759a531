import assert from 'node:assert/strict';
import type { JsonObject } from '../objects/reduce.ts';
import { isMultiModel, runtimeProblem } from './runtime-spec.ts';

const TYPES = ['mlserver', 'triton'];
const server = { name: 'server' };
const spec = (more: JsonObject = {}): JsonObject => ({ grpcEndpoint: 'port:8001', containers: [server], ...more });
const withServer = (more: JsonObject): JsonObject => spec({ containers: [server, { ...server, ...more }] });
const withAdapter = (more: JsonObject = {}): JsonObject => ({
  containers: [{ name: 'mlserver' }],
  builtInAdapter: { serverType: 'mlserver' },
  ...more,
});
const inServer = (problem: string): string => `container spec for server is invalid: ${problem}`;
const NO_CONTAINER = 'spec.containers must have at least one container';
const HOOKS = 'ReadinessProbe and Lifecycle are managed by modelmesh and cannot be set';
const RANGE = 'Port range [11881-11899] is reserved for internal use';
const port = (containerPort: number, name = 'own'): JsonObject => ({ ports: [{ name, containerPort }] });

const cases: readonly [name: string, JsonObject, string | undefined][] = [
  ['the least there can be', spec(), undefined],
  ['no containers', spec({ containers: [] }), NO_CONTAINER],
  ['containers that are no list', spec({ containers: { name: 'a' } }), NO_CONTAINER],
  ['nothing at all', {}, NO_CONTAINER],
  ['a container without name', spec({ containers: [server, {}] }), 'spec.containers[1].name is required'],
  ['a container with an empty name', spec({ containers: [{ name: '' }] }), 'spec.containers[0].name is required'],
  ['volumes that are no list', spec({ volumes: 'x' }), 'spec.volumes must be of type array'],
  [
    'a container named mm',
    spec({ containers: [{ name: 'mm' }] }),
    'container spec for mm is invalid: container name mm is reserved for internal use',
  ],
  [
    'a container with our prefix',
    spec({ containers: [{ name: 'mm-x' }] }),
    'container spec for mm-x is invalid: container name cannot start with "mm-", which is reserved for internal use',
  ],
  ['a readiness probe', withServer({ readinessProbe: {} }), inServer(HOOKS)],
  ['a stop hook', withServer({ lifecycle: { preStop: {} } }), inServer(HOOKS)],
  ['a liveness probe and an unset lifecycle', withServer({ livenessProbe: {}, lifecycle: null }), undefined],
  [
    'a mount of our secrets',
    withServer({ volumeMounts: [{ name: 'etcd-config' }] }),
    inServer('volume etcd-config is reserved for internal use'),
  ],
  ['a mount of the models', withServer({ volumeMounts: [{ name: 'models-dir' }] }), undefined],
  ['a port named grpc', withServer(port(9000, 'grpc')), inServer('port name grpc is reserved for internal use')],
  [
    'a port with our prefix',
    withServer(port(9000, 'mm-port')),
    inServer('port name cannot start with "mm-", which is reserved for internal use'),
  ],
  ...[8080, 8085, 8089, 8090].map((number): [string, JsonObject, string] => [
    `port ${number}`,
    withServer(port(number)),
    inServer(`Port ${number} is reserved for internal use`),
  ]),
  ['the first port of the range', withServer(port(11_881)), inServer(RANGE)],
  ['the last port of the range', withServer(port(11_899)), inServer(RANGE)],
  ['the port behind the range', withServer(port(11_900)), undefined],
  ['our serving ports, which the original forgot to reserve', withServer(port(8033)), undefined],
  ['a port without a name', withServer({ ports: [{ containerPort: 9000 }] }), undefined],
  [
    'a volume that we make',
    spec({ volumes: [{ name: 'models-dir' }] }),
    'volume models-dir is reserved for internal use',
  ],
  ['a volume of its own', spec({ volumes: [{ name: 'scratch' }] }), undefined],
  ['no endpoint', spec({ grpcEndpoint: null }), 'spec.grpcEndpoint is required: port:N or unix:PATH'],
  ['an empty endpoint', spec({ grpcEndpoint: '' }), 'spec.grpcEndpoint is required: port:N or unix:PATH'],
  ['an endpoint that the puller cannot use', spec({ grpcEndpoint: '8001' }), 'Invaid Endpoint: 8001'],
  ['a port that is no number', spec({ grpcEndpoint: 'port:x' }), 'Invaid Endpoint: port:x'],
  ['the same without the puller', spec({ grpcEndpoint: '/a/b', storageHelper: { disabled: true } }), undefined],
  ['a socket', spec({ grpcEndpoint: 'unix:/s/a' }), undefined],
  ['two sockets in one folder', spec({ grpcEndpoint: 'unix:/s/a', grpcDataEndpoint: 'unix:///s/b' }), undefined],
  [
    'two sockets in two folders',
    spec({ grpcEndpoint: 'unix:/m/a', grpcDataEndpoint: 'unix:/d/b' }),
    'Only one unix domain socket path is allowed. Found [/d /m]',
  ],
  ['an adapter by default', withAdapter(), undefined],
  ['an adapter at a port', withAdapter({ grpcEndpoint: 'port:8085' }), undefined],
  [
    'an adapter at a socket',
    withAdapter({ grpcEndpoint: 'unix:/s/a' }),
    'Built-in adapter grpcEndpoint must be of the form "port:N": unix:/s/a',
  ],
  [
    'an adapter of another type',
    withAdapter({ builtInAdapter: { serverType: 'x' } }),
    'unrecognized built-in runtime server type x',
  ],
  ['an adapter of no type', withAdapter({ builtInAdapter: {} }), 'unrecognized built-in runtime server type '],
  [
    'an adapter without its server',
    withAdapter({ builtInAdapter: { serverType: 'triton' } }),
    'must include runtime container with name triton',
  ],
  [
    'of several the adapter comes first',
    withAdapter({
      builtInAdapter: { serverType: 'x' },
      containers: [{ name: 'mm' }],
      volumes: [{ name: 'tc-config' }],
    }),
    'unrecognized built-in runtime server type x',
  ],
  [
    'then containers, before volumes and endpoints',
    { containers: [{ name: 'puller' }], volumes: [{ name: 'tc-config' }] },
    'container spec for puller is invalid: container name puller is reserved for internal use',
  ],
];

describe('what is wrong with the specification of a multi-model runtime', () => {
  for (const [name, given, problem] of cases) test(name, () => assert.equal(runtimeProblem(given, TYPES), problem));
});

test('only a runtime that says so is multi-model', () => {
  assert.deepEqual(
    [true, false, 'true', undefined].map((multiModel) => isMultiModel({ multiModel })),
    [true, false, false, false],
  );
});
