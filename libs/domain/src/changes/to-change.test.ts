import { toAbsence, toChange, toRecordChange } from './to-change.ts';
import { ownerOfModel } from './record-to-keys.ts';

const CONTEXT = { ownNamespace: 'own' };
const NAMESPACE = { metadata: { name: 'n', resourceVersion: '7', labels: { 'modelmesh-enabled': 'true' } } };
const record = (table: 'vmodels' | 'registry', id: string, value?: string) => {
  const seen = { namespace: 'n', table, id, value, revision: '3' };
  const { op, name, body, keys, indexes } = toRecordChange(seen);
  return { op, name, body, keys, indexes };
};
const isvc = { keys: ['predictor/n/isvc/v'], indexes: ['vmodels:n isvc/v'] };
const both = {
  keys: ['predictor/n/isvc/v', 'predictor/n/ksp/v'],
  indexes: ['vmodels:n isvc/v', 'vmodels:n ksp/v'],
};

test('an object is recorded with its facts, and its end with the keys that it concerned alone', () => {
  const put = toChange('namespaces', NAMESPACE, CONTEXT);
  expect(put).toMatchObject({
    op: 'put',
    namespace: '',
    name: 'n',
    revision: '7',
    facts: '{"enabled":true,"paused":false}',
  });
  const end = { ...put, op: 'absent', body: '', facts: '', wakes: [], indexes: [] };
  expect(toAbsence('namespaces', NAMESPACE, CONTEXT)).toEqual(end);
  const bare = toChange('services', { metadata: { name: 's' } }, CONTEXT);
  expect([bare.revision, bare.facts, 'fallbackFacts' in bare]).toEqual(['0', '', false]);
});

test.each([
  [
    'a VModel wakes its owner',
    record('vmodels', 'v', '{"o":"isvc"}'),
    { op: 'put', name: 'vmodels/v', body: '{"o":"isvc"}', ...isvc },
  ],
  [
    'a VModel of another owner wakes both',
    record('vmodels', 'v', '{"o":"x"}'),
    { op: 'put', name: 'vmodels/v', body: '{"o":"x"}', ...both },
  ],
  [
    'a VModel that is no map wakes both',
    record('vmodels', 'v', 'null'),
    { op: 'put', name: 'vmodels/v', body: 'null', ...both },
  ],
  [
    'a VModel whose owner is no text wakes both',
    record('vmodels', 'v', '{"o":1}'),
    { op: 'put', name: 'vmodels/v', body: '{"o":1}', ...both },
  ],
  [
    'a VModel that is not JSON is a text',
    record('vmodels', 'v', '{'),
    { op: 'put', name: 'vmodels/v', body: '"{"', ...both },
  ],
  [
    'a VModel that is gone wakes both, and is in no index',
    record('vmodels', 'v'),
    { op: 'absent', name: 'vmodels/v', body: '', keys: both.keys, indexes: [] },
  ],
  [
    'a VModel with a slash wakes none',
    record('vmodels', 'a/v', '{}'),
    { op: 'put', name: 'vmodels/a/v', body: '{}', keys: [], indexes: [] },
  ],
  [
    'a model of ours wakes its object',
    record('registry', 'v__isvc-0123456789', '{}'),
    { op: 'put', name: 'registry/v__isvc-0123456789', body: '{}', keys: isvc.keys, indexes: [] },
  ],
  [
    'a model of others wakes none',
    record('registry', 'v', '{}'),
    { op: 'put', name: 'registry/v', body: '{}', keys: [], indexes: [] },
  ],
])('%s', (_rule, change, expected) => {
  expect(change).toEqual(expected);
});

test('a model id has the name and the owner of its object', () => {
  const ids = ['a__b__ksp-0123456789', 'a/b__ksp-0123456789', 'a__ksp-012345678', 'a__x-0123456789'];
  expect(ids.map(ownerOfModel)).toEqual([{ name: 'a__b', owner: 'ksp' }, undefined, undefined, undefined]);
});
