import assert from 'node:assert/strict';
import type { Pod } from '../kube/objects.ts';
import { modelServerContainer, modelServerEnvironment } from './model-server.ts';

const pod = (...names: readonly string[]): Pod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: names.map((name) => ({ name, image: 'i' })) },
  status: {},
});

const places = [
  {
    rule: 'a puller comes before an adapter and a model server',
    names: ['mm', 'a-adapter', 'server', 'puller'],
    wants: 'puller',
  },
  {
    rule: 'an adapter comes before a model server',
    names: ['mm', 'rest-proxy', 'triton', 'triton-adapter'],
    wants: 'triton-adapter',
  },
  { rule: 'a model server may stand alone', names: ['rest-proxy', 'server', 'mm'], wants: 'server' },
  { rule: 'a mesh may stand alone', names: ['mm', 'rest-proxy'], wants: undefined },
  { rule: 'a Pod without a mesh has no place for one', names: ['puller', 'server'], wants: undefined },
];

for (const { rule, names, wants } of places) {
  test(`the place of the model server: ${rule}`, () => {
    assert.equal(modelServerContainer(pod(...names))?.name, wants);
  });
}

const environment = (mesh: Readonly<Record<string, string>>) =>
  modelServerEnvironment(mesh, 'modelmesh-serving-rt-5d8f6b-mm001', '10.64.0.10');

test('a model server listens where the mesh dials, under the instance id of the mesh', () => {
  assert.deepEqual(environment({ INTERNAL_GRPC_PORT: '8086', INTERNAL_SERVING_GRPC_SOCKET_PATH: '/s/a.sock' }), {
    RUNTIME_ENDPOINT: 'port:8086',
    RUNTIME_DATA_ENDPOINT: 'unix:///s/a.sock',
    RUNTIME_INSTANCE: '5d8f6b-mm001',
    WKUBE_POD_IPADDR: '10.64.0.10',
  });
});

test('a mesh without settings dials port 8085 for everything', () => {
  const { RUNTIME_ENDPOINT, RUNTIME_DATA_ENDPOINT } = environment({});
  assert.deepEqual([RUNTIME_ENDPOINT, RUNTIME_DATA_ENDPOINT], ['port:8085', 'port:8085']);
});

test('a socket whose path is too long is refused with its length', () => {
  const socket = `/${'x'.repeat(107)}`;
  assert.throws(() => environment({ INTERNAL_GRPC_SOCKET_PATH: socket }), {
    message: /has a path of 108 bytes, of which 107 are possible/,
  });
  assert.equal(
    environment({ INTERNAL_GRPC_SOCKET_PATH: socket.slice(1) })['RUNTIME_ENDPOINT'],
    `unix://${socket.slice(1)}`,
  );
});
