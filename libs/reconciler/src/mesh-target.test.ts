import assert from 'node:assert/strict';
import { CONFIG_MAP_NAME, parseConfig, toSnapshot, type JsonObject, type WorkKey } from '@meshkeeper/domain';
import { meshTarget, serviceOf } from './mesh-target.ts';

const KEY: WorkKey = { kind: 'predictor', namespace: 'team-a', owner: 'isvc', name: 'digits' };

function snapshotUnder(config: JsonObject) {
  const facts = [{ [CONFIG_MAP_NAME]: parseConfig(config) }, { 'team-a': { enabled: true } }];
  const indexes = [['mesh 10.64.0.3:8033', 'modelmesh-serving 10.64.0.4:8033']];
  const context = { ownNamespace: 'own', etcdSecretName: 'etcd' };
  return toSnapshot(KEY, { objects: [], sources: {}, facts, indexes }, context);
}

test('a mesh is called at the pods of the Service that the configuration names, in plaintext unless it names a Secret', () => {
  assert.deepEqual(meshTarget(snapshotUnder({})), {
    endpoints: ['10.64.0.4:8033'],
    authority: 'modelmesh-serving.team-a',
    tlsSecretName: '',
  });
  const named = snapshotUnder({ inferenceServiceName: 'mesh', tls: { secretName: 'mesh-tls' } });
  assert.equal(serviceOf(named), 'mesh');
  assert.deepEqual(meshTarget(named), {
    endpoints: ['10.64.0.3:8033'],
    authority: 'mesh.team-a',
    tlsSecretName: 'mesh-tls',
  });
});

test('an endpoint that the configuration gives is the only one', () => {
  assert.deepEqual(meshTarget(snapshotUnder({ modelMeshEndpoint: '127.0.0.1:8033' })).endpoints, ['127.0.0.1:8033']);
});
