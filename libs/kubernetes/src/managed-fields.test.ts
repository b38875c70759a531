import assert from 'node:assert/strict';
import type { JsonObject, KubeObject } from '@meshkeeper/domain';
import { managedFieldsOf } from './managed-fields.ts';

const container = (more: JsonObject = {}): JsonObject => ({ name: 'mm', image: 'a/b:1', ...more });
const deployment = (template: JsonObject, more: JsonObject = {}): KubeObject => ({
  metadata: { name: 'd', ...more },
  spec: { template },
});
const templateOf = (object: KubeObject): unknown => (object['spec'] as JsonObject)['template'];

/** What is shown of a live template whose fields `owned` belong to our apply, or to the entry of `manager`. */
function shown(wanted: JsonObject, live: JsonObject, owned: JsonObject = { '.': {} }, manager?: string): unknown {
  const fieldsV1 = { 'f:spec': { 'f:template': owned } };
  const entry = { manager: manager ?? 'meshkeeper', operation: manager === undefined ? 'Apply' : 'Update', fieldsV1 };
  return templateOf(managedFieldsOf(deployment(wanted), deployment(live, { managedFields: [entry] }), manager));
}

describe('what is ours of a live object', () => {
  test('leaves out what others set and what the server adds', () => {
    const live = { containers: [container({ terminationMessagePath: '/x' })], hostNetwork: true };
    assert.deepEqual(shown({ containers: [container()] }, live), { containers: [container()] });
  });

  test('spells a value as it is wanted where it means the same', () => {
    const wanted = { containers: [container({ resources: { limits: { cpu: 0.5 } }, tty: false, args: [] })] };
    const live = { containers: [container({ resources: { limits: { cpu: '500m' } } })] };
    assert.deepEqual(shown(wanted, live), wanted);
  });

  test('holds what we own and want no more, in maps, in items of lists, and in lists owned whole', () => {
    const live = {
      nodeSelector: { disk: 'ssd' },
      containers: [container({ command: ['x'] })],
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
    };
    const owned = {
      'f:nodeSelector': {},
      'f:containers': { 'k:{"name":"mm"}': { '.': {}, 'f:name': {}, 'f:image': {}, 'f:command': {} } },
      'f:tolerations': {},
    };
    assert.deepEqual(shown({ containers: [container()], tolerations: [{ key: 'gpu' }] }, live, owned), {
      containers: [container({ command: ['x'] })],
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      nodeSelector: { disk: 'ssd' },
    });
  });

  test('leaves out what the server would restore, which the creator of the object owns', () => {
    const defaults = {
      imagePullPolicy: 'IfNotPresent',
      terminationMessagePolicy: 'File',
      ports: [{ containerPort: 1, protocol: 'TCP' }],
    };
    const item = { '.': {}, 'f:imagePullPolicy': {}, 'f:terminationMessagePolicy': {}, 'f:ports': {} };
    const owned = { 'f:dnsPolicy': {}, 'f:containers': { 'k:{"name":"mm"}': item } };
    const wanted = { containers: [container({ ports: [{ containerPort: 1 }] })] };
    const live = { dnsPolicy: 'ClusterFirst', containers: [container(defaults)] };
    assert.deepEqual(shown(wanted, live, owned, 'manager'), wanted);
    const always = { dnsPolicy: 'Default', containers: [container({ ...defaults, imagePullPolicy: 'Always' })] };
    assert.deepEqual(shown(wanted, always, owned, 'manager'), {
      containers: [container({ ports: [{ containerPort: 1 }], imagePullPolicy: 'Always' })],
      dnsPolicy: 'Default',
    });
  });

  test('holds items that are too many, and compares named ones by name', () => {
    const [a, b] = [container({ name: 'a' }), container({ name: 'b' })];
    assert.deepEqual(shown({ containers: [b] }, { containers: [a, { ...b, stdin: true }] }), { containers: [a, b] });
  });
});
