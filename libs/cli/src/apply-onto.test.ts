import assert from 'node:assert/strict';
import type { JsonObject, KubeObject } from '@meshkeeper/domain';
import { applyOnto } from './apply-onto.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const object = (spec: JsonObject, metadata: object = {}): KubeObject => ({
  metadata: { name: 'r', ...metadata },
  spec,
});
const live = (
  spec: JsonObject,
  last?: KubeObject,
  metadata: { readonly annotations?: object; readonly managedFields?: object } = {},
): KubeObject => ({
  ...object(spec, {
    uid: 'u',
    resourceVersion: '7',
    ...metadata,
    annotations: { ...metadata.annotations, ...(last && { [LAST_APPLIED]: JSON.stringify(last) }) },
  }),
  status: { ready: true },
});
const specOf = (file: KubeObject, on: KubeObject): unknown => applyOnto(file, on)['spec'];

describe('a file laid over a live object', () => {
  test('keeps identity, revision and status of the live one', () => {
    const laid = applyOnto({ ...object({ a: 1 }, { uid: 'x', resourceVersion: '1' }), status: {} }, live({ a: 2 }));
    assert.deepEqual([laid.metadata.uid, laid.metadata.resourceVersion], ['u', '7']);
    assert.deepEqual([laid['spec'], laid['status']], [{ a: 1 }, { ready: true }]);
  });

  test('takes away what the last apply gave and the file has no more, and leaves what others added', () => {
    const on = live({ a: 1, b: 2, c: { d: 3, e: 4 } }, object({ a: 1, b: 2, c: { d: 3 } }));
    assert.deepEqual(specOf(object({ a: 1, c: {} }), on), { a: 1, c: { e: 4 } });
  });

  test('does the same with labels and annotations', () => {
    const last = object({}, { annotations: { given: '1', old: '1' } });
    const on = live({}, last, { annotations: { given: '1', old: '1', 'by-hand': '1' } });
    const { annotations } = applyOnto(object({}, { annotations: { given: '2' } }), on).metadata;
    const { [LAST_APPLIED]: _, ...rest } = annotations ?? {};
    assert.deepEqual(rest, { 'by-hand': '1', given: '2' });
  });

  test("replaces lists, and keeps the server's defaults in their items", () => {
    const ports = [{ containerPort: 1, protocol: 'TCP' }];
    const on = live({ containers: [{ name: 'a', image: 'x', ports, command: ['c'] }, { name: 'b' }] });
    const file = object({ containers: [{ name: 'a', image: 'y', ports: [{ containerPort: 1 }] }] });
    assert.deepEqual(specOf(file, on), { containers: [{ name: 'a', image: 'y', ports }] });
    assert.deepEqual(specOf(object({ ports: [{ containerPort: 2 }] }), live({ ports: [{ protocol: 'UDP' }] })), {
      ports: [{ containerPort: 2 }],
    });
  });

  test('takes away what an apply on the side of the server gave, and nothing of ours', () => {
    const entry = (manager: string, operation: string, fields: object) => ({
      manager,
      operation,
      fieldsV1: { 'f:spec': fields },
    });
    const managedFields = [
      entry('kubectl', 'Apply', { 'f:a': {}, 'f:c': { '.': {}, 'f:d': {} } }),
      entry('kubectl-edit', 'Update', { 'f:b': {} }),
      entry('meshkeeper', 'Apply', { 'f:e': {} }),
    ];
    const on = live({ a: 1, b: 2, c: { d: 3, x: 4 }, e: 5 }, undefined, { managedFields });
    assert.deepEqual(specOf(object({ c: {} }), on), { b: 2, c: { x: 4 }, e: 5 });
  });
});
