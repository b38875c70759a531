import { KINDS, MESH_SOURCE } from '../objects/kinds.ts';
import { changedFields } from './changed-fields.ts';
import { describeChanges } from './describe-changes.ts';
import type { LoggedEntry } from './logged-entry.ts';
import { durationText, nextRunInWords, type RunsSeen } from './run-state.ts';

const QUIET: RunsSeen = {
  runs: 1,
  isRunning: false,
  nextRunAt: undefined,
  waitingSince: undefined,
  failures: 0,
  lastError: '',
};

test.each<[string, Partial<RunsSeen>]>([
  ['A run is under way.', { isRunning: true, nextRunAt: 5_000 }],
  ['It runs again when something that it depends on changes.', {}],
  ['The next run comes in 1 s, or with the next change.', { nextRunAt: 10_500 }],
  ['The next try comes in 5 s, or with the next change.', { nextRunAt: 15_000, failures: 1 }],
  ['The next run is due now.', { nextRunAt: 10_000 }],
  ['The next run is due now.', { nextRunAt: 9_000 }],
  ['The next run has been due for 2 s.', { nextRunAt: 8_000 }],
])('%s', (words, runs) => {
  expect(nextRunInWords({ ...QUIET, ...runs }, 10_000)).toBe(words);
});

test('a duration is in seconds up to two minutes, and in minutes up to two hours', () => {
  expect([0, 119, 120, 7_199, 7_200, 10_800].map(durationText)).toEqual([
    '0 s',
    '119 s',
    '2 min',
    '120 min',
    '2 h',
    '3 h',
  ]);
});

describe('Changed fields', () => {
  const words = (before: unknown, after: unknown): readonly string[] =>
    changedFields(before, after, true).map(({ field, from, to }) => `${field}: ${from} -> ${to}`);
  test.each<[string, unknown, unknown, readonly string[]]>([
    ['are none for equal bodies', { spec: { a: 1 } }, { spec: { a: 1 } }, []],
    ['have their values', { spec: { a: 1 } }, { spec: { a: 'x' } }, ['spec.a: 1 -> "x"']],
    ['have no value where one is missing', { spec: {} }, { spec: { a: 1 } }, ['spec.a: nothing -> 1']],
    ['may be missing afterwards', { spec: { a: 1 } }, { spec: {} }, ['spec.a: 1 -> nothing']],
    [
      'name the specification first, then the rest by name',
      { a: 1, z: 1, spec: { z: 1, b: 1 } },
      { a: 2, z: 2, spec: { z: 2, b: 2 } },
      ['spec.b: 1 -> 2', 'spec.z: 1 -> 2', 'a: 1 -> 2', 'z: 1 -> 2'],
    ],
    [
      'leave a status out where anything else changed',
      { spec: { a: 1 }, status: { b: 1 } },
      { spec: { a: 2 }, status: { b: 2 } },
      ['spec.a: 1 -> 2'],
    ],
    [
      'are those of the status where nothing else changed',
      { status: { b: 1 } },
      { status: { b: 2 } },
      ['status.b: 1 -> 2'],
    ],
    [
      'leave out what the server counts',
      { metadata: { generation: 1, uid: 'a', labels: { a: 1 } } },
      { metadata: { generation: 2, uid: 'b', labels: { a: 2 } } },
      ['metadata.labels.a: 1 -> 2'],
    ],
    ['compare a list whole', { a: [1, 2] }, { a: [1, 3] }, ['a: [1,2] -> [1,3]']],
    ['compare a map with a text', { a: { b: 1 } }, { a: 'x' }, ['a: {"b":1} -> "x"']],
    ['compare a text with a map', { a: 'x' }, { a: { b: 1 } }, ['a: "x" -> {"b":1}']],
    ['compare a map with null', { a: { b: 1 } }, { a: null }, ['a: {"b":1} -> null']],
    ['compare a map with a list', { a: { b: 1 } }, { a: [] }, ['a: {"b":1} -> []']],
    ['may be called as what every object has', { a: {} }, { a: { constructor: 1 } }, ['a.constructor: nothing -> 1']],
    ['keep a value of 60 characters', {}, { a: 'x'.repeat(58) }, [`a: nothing -> "${'x'.repeat(58)}"`]],
    ['shorten a longer value', {}, { a: 'x'.repeat(59) }, [`a: nothing -> "${'x'.repeat(59)}…`]],
  ])('%s', (_rule, before, after, fields) => {
    expect(words(before, after)).toEqual(fields);
  });

  test('have no values where those may not be shown', () => {
    expect(changedFields({ a: 1 }, { a: 2 }, false)).toEqual([{ field: 'a' }]);
  });
});

describe('A described change', () => {
  const [ISVC, RUNTIME] = [KINDS.inferenceServices.source, KINDS.clusterServingRuntimes.source];
  const entry = (body: object, more: Partial<LoggedEntry> = {}): LoggedEntry => ({
    id: '1000-0',
    source: ISVC,
    object: 'team-a/digits',
    revision: '1',
    kind: 'put',
    body: JSON.stringify(body),
    effect: '',
    ...more,
  });
  const note = { kind: 'note' as const, body: '', object: '/' };
  const [old, recent] = [
    { manager: 'helm', time: '2026-01-01' },
    { manager: 'kubectl', time: '2026-02-01' },
  ];
  const last = (...entries: readonly LoggedEntry[]) => describeChanges(entries).at(-1);
  const first = { id: '1000-0', at: 1_000, what: 'InferenceService team-a/digits', happened: 'first seen', fields: [] };

  test.each<[string, readonly LoggedEntry[], object | undefined]>([
    ['is by the last writer when it is the first', [entry({ managers: [old, recent] })], { ...first, by: ['kubectl'] }],
    ['is by the last writer, whatever the order', [entry({ managers: [recent, old] })], { ...first, by: ['kubectl'] }],
    ['may be by a writer without a name or a time', [entry({ managers: [{}] })], { ...first, by: ['unknown'] }],
    [
      'names the part that was written',
      [entry({ managers: [{ manager: 'm', subresource: 'status' }] })],
      { ...first, by: ['m (status)'] },
    ],
    [
      'is by the writers that are new',
      [entry({ managers: [old] }), entry({ managers: [old, recent], a: 1 })],
      { ...first, happened: 'changed', by: ['kubectl'], fields: [{ field: 'a', from: 'nothing', to: '1' }] },
    ],
    [
      'of another kind shows no values',
      [entry({}, { source: RUNTIME, object: '/r' }), entry({ a: 1 }, { source: RUNTIME, object: '/r' })],
      { ...first, what: 'ClusterServingRuntime r', happened: 'changed', by: [], fields: [{ field: 'a' }] },
    ],
    [
      'may be a deletion',
      [entry({ a: 1 }), entry({}, { kind: 'absent', body: '' })],
      { ...first, happened: 'deleted', by: [] },
    ],
    [
      'of a model record is by the mesh',
      [entry({}, { source: MESH_SOURCE, object: 'team-a/registry/a/b' })],
      { ...first, what: 'model record team-a/a/b', by: ['the mesh'] },
    ],
    [
      'of a VModel is by the mesh',
      [entry({}, { source: MESH_SOURCE, object: 'team-a/vmodels/digits' })],
      { ...first, what: 'VModel team-a/digits', by: ['the mesh'] },
    ],
    [
      'may be the listing of a kind',
      [entry({}, note)],
      { ...first, what: 'InferenceService', happened: 'listed', by: [] },
    ],
    [
      'may be the listing of the mesh',
      [entry({}, { ...note, source: MESH_SOURCE })],
      { ...first, what: 'mesh records', happened: 'listed', by: [] },
    ],
    ['of an unknown source has its name', [entry({}, { source: 'x' })], { ...first, what: 'x team-a/digits', by: [] }],
    ['is none for a note about an object', [entry({}, { ...note, object: 'team-a/digits' })], undefined],
    ['is none for a note about a write', [entry({}, { ...note, effect: '{}' })], undefined],
  ])('%s', (_rule, entries, change) => {
    expect(last(...entries)).toEqual(change);
  });
});
