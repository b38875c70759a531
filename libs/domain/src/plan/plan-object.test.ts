import type { JsonObject, KubeObject, ReducedObject } from '../objects/reduce.ts';
import type { Memory } from '../snapshot/memory.ts';
import { viewed } from '../testing/builders.ts';
import { planDeletion, planDeletions, planObject } from './plan-object.ts';
import type { Step } from './step.ts';

const TARGET = { kind: 'services' as const, namespace: 'team-a', name: 's' };
const OBJECT: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's', namespace: 'team-a', labels: { a: '1' } },
  spec: { type: 'ClusterIP' },
};
type Managers = ReducedObject['managers'];

function live(spec: JsonObject = {}, managers: Managers = [], metadata: object = {}) {
  const object = { ...OBJECT, metadata: { ...OBJECT.metadata, resourceVersion: '9', ...metadata } };
  const { revision, body } = viewed('services', { ...object, spec: { type: 'ClusterIP', ...spec } });
  return { revision, body: { ...body, managers } };
}

const applied = { manager: 'meshkeeper', operation: 'Apply' };
const created = { manager: 'meshkeeper', operation: 'Update' };
const original = { manager: 'manager', operation: 'Update' };
const human = (manager: string, time?: string) => ({
  manager,
  operation: 'Update',
  ...(time !== undefined && { time }),
});
const drift = { type: 'NodePort' };
const { wanted } = planObject({}, TARGET, OBJECT, undefined);

/** What a step does, in the words of a case. */
const words = (step: Step | undefined): unknown => {
  if (step?.kind !== 'apply') return step?.kind;
  const { reason, difference, changedBy, seen } = step;
  return [reason, difference, changedBy, seen?.adopt];
};

test.each<[string, ReturnType<typeof live> | undefined, Memory, unknown]>([
  ['an object that is missing is created', undefined, {}, 'create'],
  ['an object that is as wanted needs no step', live({}, [applied]), {}, undefined],
  ['an object of ours that was only created needs no step', live({}, [created]), {}, undefined],
  ['an object that is going is left alone', live(drift, [applied], { deletionTimestamp: 'x' }), {}, undefined],
  [
    'an object of the original is adopted once',
    live({}, [original]),
    {},
    ['Adopted', undefined, 'manager', { position: 0, manager: 'manager' }],
  ],
  ['an object of the original that we applied is adopted no more', live({}, [original, applied]), {}, undefined],
  ['an entry of another manager is not adopted', live({}, [human('kubectl')]), {}, undefined],
  ['an entry of a status is not adopted', live({}, [{ ...original, subresource: 'status' }]), {}, undefined],
  ['an apply of the original is not adopted', live({}, [{ ...original, operation: 'Apply' }]), {}, undefined],
  [
    'the entry to adopt may be a later one',
    live(drift, [human('kubectl', '2026-01-01'), original]),
    {},
    ['Updated', 'spec.type', 'kubectl', { position: 1, manager: 'manager' }],
  ],
  [
    'our own update is adopted with the next change',
    live(drift, [created]),
    {},
    ['Updated', 'spec.type', undefined, { position: 0, manager: 'meshkeeper' }],
  ],
  [
    'a new wish is an update',
    live(drift, [applied]),
    { wanted: { 'services/s': 'other' } },
    ['Updated', 'spec.type', undefined, undefined],
  ],
  [
    'a wish that was met before is repaired',
    live(drift, [applied]),
    { wanted },
    ['DriftRepaired', 'spec.type', undefined, undefined],
  ],
  [
    'the last other writer is named',
    live(drift, [human('old', '2026-01-01'), applied, human('new', '2026-02-01')]),
    { wanted },
    ['DriftRepaired', 'spec.type', 'new', undefined],
  ],
  [
    'a writer with a time is later than one without',
    live(drift, [human('old'), human('new', '2026-02-01'), human('older')]),
    { wanted },
    ['DriftRepaired', 'spec.type', 'new', undefined],
  ],
  [
    'of several writers in one second the first is named',
    live(drift, [
      human('old', '2026-01-01'),
      human('b', '2026-02-01'),
      human('c', '2026-02-01'),
      human('d', '2026-02-01'),
    ]),
    { wanted },
    ['DriftRepaired', 'spec.type', 'b', undefined],
  ],
  [
    'a writer of the status alone is not named',
    live(drift, [{ ...human('s', '2026-03-01'), subresource: 'status' }]),
    { wanted },
    ['DriftRepaired', 'spec.type', undefined, undefined],
  ],
])('%s', (_rule, seen, memory, expected) => {
  const planned = planObject(memory, TARGET, OBJECT, seen);
  expect(planned.steps.map(words)).toEqual(expected === undefined ? [] : [expected]);
  expect(planned.wanted).toEqual(wanted);
});

test('the seen revision is part of an apply', () => {
  const [step] = planObject({}, TARGET, OBJECT, live(drift)).steps;
  expect(step).toMatchObject({ kind: 'apply', seen: { resourceVersion: '9' } });
});

test('a deletion is of exactly the object that was seen, and of none that is going already', () => {
  const seen = live({}, [], { uid: 'u' });
  const step = { kind: 'delete', target: TARGET, uid: 'u', resourceVersion: '9', reason: 'Deleted' };
  expect(planDeletions('services', [seen, live({}, [], { deletionTimestamp: 'x' })])).toEqual([step]);
  const bare = { ...live(), body: { ...live().body, metadata: { name: 's' } } };
  expect(planDeletions('services', [bare])).toEqual([{ ...step, uid: '', target: { ...TARGET, namespace: '' } }]);
  expect(planDeletion(TARGET, seen)).toEqual(step);
});
