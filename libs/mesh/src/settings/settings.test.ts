import assert from 'node:assert/strict';
import { readMeshSettings, type MeshSettings } from './settings.ts';

const rendered = {
  MM_SERVICE_NAME: 'modelmesh-serving',
  MM_SVC_GRPC_PORT: '8033',
  WKUBE_POD_NAME: 'modelmesh-serving-mlserver-87f6fc-6rwf9',
  WKUBE_POD_IPADDR: '10.64.1.2',
  MM_LOCATION: '10.64.0.1',
  KV_STORE: 'etcd:/opt/kserve/mmesh/etcd/etcd_connection',
  MM_METRICS: 'prometheus:port=2112;scheme=https',
  SHUTDOWN_TIMEOUT_MS: '90000',
  MM_KVSTORE_PREFIX: 'mm',
  MM_DEFAULT_VMODEL_OWNER: 'ksp',
  MM_LABELS: 'rt:sk-rt,mt:sklearn',
  INTERNAL_GRPC_PORT: '8085',
  MM_TYPE_CONSTRAINTS_PATH: '/etc/watson/mmesh/config/type_constraints',
};

const expected: MeshSettings = {
  instanceId: '87f6fc-6rwf9',
  service: 'modelmesh-serving',
  kvPrefix: 'mm',
  kvStore: 'etcd:/opt/kserve/mmesh/etcd/etcd_connection',
  location: '10.64.0.1',
  labels: ['mt:sklearn', 'rt:sk-rt'],
  defaultOwner: 'ksp',
  typeConstraintsPath: '/etc/watson/mmesh/config/type_constraints',
  host: '0.0.0.0',
  grpcPort: 8033,
  probePort: 8089,
  metrics: { port: 2112, scheme: 'https', perModel: false },
  zone: '',
  dataPlanePath: undefined,
  multiParallelism: 4,
  scaleUpRpm: 2_000,
  payloads: { targets: [], capacity: 64, threads: 2 },
  podAddress: '10.64.1.2',
  dialAlias: false,
  runtime: { management: ['127.0.0.1:8085'], serving: undefined },
  peerPort: 8080,
  limits: {
    maxMessageBytes: 16_777_216,
    maxHeaderBytes: 8_192,
    maxConnectionAgeMs: undefined,
    maxConnectionAgeGraceMs: undefined,
  },
  tls: undefined,
  prestopPort: 8090,
  infoMetric: undefined,
  logEachCall: false,
  loggedHeaders: new Map(),
  shutdownTimeoutMs: 90_000,
  logLevel: 'info',
};

test('the environment of a rendered mm container is understood', () => {
  assert.deepEqual(readMeshSettings(rendered), expected);
});

test('in the sandbox everything listens on the loopback alias', () => {
  assert.equal(readMeshSettings({ ...rendered, DIAL_LOOPBACK_ALIAS: 'true' }).host, '127.64.1.2');
});

test('probes and metrics can be turned off', () => {
  const { probePort, metrics } = readMeshSettings({ ...rendered, MM_PROBE_PORT: 'NONE', MM_METRICS: 'disabled' });
  assert.deepEqual({ probePort, metrics }, { probePort: undefined, metrics: undefined });
});

test('all mistakes are reported together, without values', () => {
  assert.throws(() => readMeshSettings({ ...rendered, KV_STORE: '', MM_SVC_GRPC_PORT: 'x', MM_METRICS: 'statsd' }), {
    name: 'SettingsError',
    message: /^The environment has 3 wrong setting\(s\):/,
  });
});
