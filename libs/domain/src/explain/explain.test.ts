import assert from 'node:assert/strict';
import { ADVICE } from '../reasons/advice.ts';
import { KINDS, MESH_SOURCE } from '../objects/kinds.ts';
import type { JsonObject } from '../objects/reduce.ts';
import { REASONS } from '../reasons/reasons.ts';
import { anInferenceService, aPredictorSnapshot, aRuntimeSnapshot, NOW, viewed } from '../testing/builders.ts';
import { aSeenRuntime, targetOf } from '../testing/gate-builders.ts';
import { causeChain, type Episode } from './cause-chain.ts';
import { changedFields } from './changed-fields.ts';
import { explainModel } from './explain-model.ts';
import { explainRuntime } from './explain-runtime.ts';
import type { LoggedEntry } from './logged-entry.ts';
import type { RunsSeen } from './run-state.ts';

const KEY = 'predictor/team-a/isvc/digits';
const ISVC = KINDS.inferenceServices.source;
const QUIET: RunsSeen = {
  runs: 7,
  isRunning: false,
  nextRunAt: undefined,
  waitingSince: undefined,
  failures: 0,
  lastError: '',
};

let clock = 1_000;
const entry = (more: Partial<LoggedEntry>): LoggedEntry => ({
  id: `${(clock += 10)}-0`,
  source: ISVC,
  object: 'team-a/digits',
  revision: String(clock),
  kind: 'put',
  body: '{}',
  effect: '',
  ...more,
});
const seen = (path: string, manager: string, more: Partial<LoggedEntry> = {}): LoggedEntry =>
  entry({
    body: JSON.stringify({
      managers: [{ manager, time: String(clock) }],
      spec: { path },
      metadata: { resourceVersion: clock },
    }),
    ...more,
  });
const written = (run: number, write: string, cause: readonly LoggedEntry[], more: Partial<LoggedEntry> = {}) =>
  entry({
    kind: 'note',
    body: '',
    effect: JSON.stringify({
      key: KEY,
      fencingToken: run,
      write,
      reason: 'Registered',
      outcome: 'ok',
      cause: cause.map(({ id }) => id),
    }),
    ...more,
  });

const words = ({ run, changes, writes }: Episode): readonly unknown[] => [
  run ?? '-',
  changes.map(({ what, happened, by, fields }) =>
    [what, happened, ...by, ...fields.map(({ field, from, to }) => `${field} ${from} ${to}`)].join(', '),
  ),
  writes.map(({ what }) => what),
];

describe('the cause chain', () => {
  test('names which change, by whom and in which field, led to which writes, newest first', () => {
    const [created, edited] = [seen('a', 'kubectl'), seen('b', 'argocd')];
    const entries = [created, written(1, 'setVModel', [created]), edited, written(2, 'patch', [edited])];
    assert.deepEqual(causeChain(KEY, entries.toReversed()).map(words), [
      [2, ['InferenceService team-a/digits, changed, argocd, spec.path "a" "b"'], ['patch']],
      [1, ['InferenceService team-a/digits, first seen, kubectl'], ['setVModel']],
    ]);
  });

  test('leaves out what is only the echo of a write', () => {
    const created = seen('a', 'kubectl');
    const echo = seen('a', 'meshkeeper', { revision: '77' });
    const patch = written(1, 'patch', [created], { revision: '77' });
    assert.deepEqual(causeChain(KEY, [created, echo, patch]).map(words), [
      [1, ['InferenceService team-a/digits, first seen, kubectl'], ['patch']],
    ]);
  });

  test('includes changes that led to no write, lists, and how many are forgotten', () => {
    const run = written(3, 'setVModel', [entry({})]);
    const listed = entry({ kind: 'note', object: '/', body: '' });
    const gone = entry({ source: MESH_SOURCE, object: 'team-a/vmodels/digits', kind: 'absent', body: '' });
    const chain = causeChain(KEY, [run, listed, gone]);
    assert.deepEqual(chain.map(words), [
      ['-', ['InferenceService, listed', 'VModel team-a/digits, deleted, the mesh'], []],
      [3, [], ['setVModel']],
    ]);
    assert.deepEqual(
      chain.map(({ forgotten }) => forgotten),
      [0, 1],
    );
  });

  test('bears any entry', () => {
    const odd = [entry({ body: 'no JSON' }), entry({ body: '[]', effect: '{}' }), entry({ source: 'x', object: '' })];
    assert.doesNotThrow(() => causeChain(KEY, odd));
  });

  test('another key’s write is a change by Meshkeeper', () => {
    const effect = JSON.stringify({
      key: 'runtime/team-a/r',
      fencingToken: 1,
      write: 'w',
      reason: '',
      outcome: '',
      cause: [],
    });
    const [episode] = causeChain(KEY, [entry({ source: KINDS.deployments.source, effect })]);
    assert.deepEqual(episode?.changes[0]?.by, ['Meshkeeper, for runtime/team-a/r']);
  });
});

test('changed fields: the specification first, a status only alone, and values only where they may be shown', () => {
  const before = { spec: { a: 1, b: { c: [1] } }, status: { x: 1 }, metadata: { generation: 1, labels: { l: '1' } } };
  const after = { spec: { a: 2, b: { c: [2] } }, status: { x: 2 }, metadata: { generation: 2, labels: {} } };
  const fields = (b: JsonObject, a: JsonObject) => changedFields(b, a, false).map(({ field }) => field);
  assert.deepEqual(fields(before, after), ['spec.a', 'spec.b.c', 'metadata.labels.l']);
  assert.deepEqual(fields(before, { ...before, status: { x: 2 } }), ['status.x']);
  assert.deepEqual(changedFields({ a: 'x' }, { a: 'y'.repeat(80) }, true), [
    { field: 'a', from: '"x"', to: `"${'y'.repeat(59)}…` },
  ]);
});

describe('an explanation of a model', () => {
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    modelStatus: { states: { activeModelState: 'Loaded' } },
  };
  const ready = aPredictorSnapshot({ object: viewed('inferenceServices', anInferenceService('a/b', status)) });
  const target = targetOf(ready);
  const vmodel = { owner: 'isvc', active: target, target, failed: false };
  const explained = (more: Parameters<typeof aPredictorSnapshot>[0] = {}, runs = QUIET) =>
    explainModel({ ...ready, ...more }, [], runs, NOW);

  test('of a ready one has nothing to do', () => {
    const { ready: isReady, summary, todo, reason, models } = explained({ vmodel });
    assert.deepEqual(
      { isReady, summary, todo, reason },
      { isReady: true, summary: 'Ready.', todo: 'Nothing.', reason: undefined },
    );
    assert.deepEqual(models, [{ modelId: target, roles: ['wanted', 'active', 'target'], copies: [] }]);
  });

  test('of one that is not says the first open gate, and what to do about it', () => {
    const { summary, todo, reason } = explained({
      object: viewed('inferenceServices', anInferenceService()),
      runtimes: [aSeenRuntime('mlserver', { disabled: true })],
    });
    assert.equal(
      summary,
      'Not ready. NoSupportingRuntime: No runtime serves sklearn; mlserver: disabled: spec.disabled is true.',
    );
    assert.deepEqual([todo, reason], [ADVICE.NoSupportingRuntime, 'NoSupportingRuntime']);
  });

  test('of one that is paused says so first', () => {
    const { summary, reason } = explained({ vmodel, namespacePaused: true });
    assert.match(summary, /^Ready\. Paused: /);
    assert.equal(reason, 'Paused');
  });

  test('says when it is tried again, and what failed', () => {
    const next = (more: Partial<RunsSeen>) => explained({ vmodel }, { ...QUIET, ...more }).runs.next;
    assert.equal(next({}), 'It runs again when something that it depends on changes.');
    assert.equal(next({ isRunning: true }), 'A run is under way.');
    assert.equal(
      next({ nextRunAt: NOW + 30_000, failures: 2 }),
      'The next try comes in 30 s, or with the next change.',
    );
    assert.equal(next({ nextRunAt: NOW - 600_000 }), 'The next run has been due for 10 min.');
    const { todo } = explained({ vmodel }, { ...QUIET, failures: 3, lastError: 'the mesh: UNAVAILABLE' });
    assert.match(todo, /UNAVAILABLE/);
  });
});

describe('an explanation of a runtime', () => {
  const explained = (more: Parameters<typeof aRuntimeSnapshot>[0]) =>
    explainRuntime(aRuntimeSnapshot(more), [], QUIET, NOW);
  const runtime = (spec: JsonObject) => {
    const { body } = aRuntimeSnapshot().runtime ?? assert.fail();
    return { runtime: { revision: '7', kind: 'ServingRuntime' as const, body: { ...body, spec } } };
  };
  test('says which field keeps it from being made', () => {
    const { summary, reason, neededBy } = explained(runtime({ multiModel: true, containers: [] }));
    assert.match(summary, /^InvalidRuntime: .*container/);
    assert.deepEqual([reason, neededBy], ['InvalidRuntime', []]);
  });

  test('says who needs it, and that there is none, or that it is disabled', () => {
    assert.deepEqual(explained({}).neededBy, ['mt:sklearn']);
    assert.equal(explained({ runtime: undefined }).reason, 'NoSuchObject');
    assert.equal(
      explained(runtime({ multiModel: true, disabled: true })).summary,
      'It is disabled: spec.disabled is true.',
    );
  });

  test('counts its pods', () => {
    const deployment = {
      metadata: { name: 'd' },
      spec: { replicas: 2 },
      status: { readyReplicas: 1 },
    };
    const { summary, deployments } = explained({ deployments: [viewed('deployments', deployment)] });
    assert.equal(summary, 'Of 2 wanted pods 1 are ready.');
    assert.deepEqual(deployments, [{ name: 'd', wanted: 2, ready: 1 }]);
  });
});

test('each reason means something in one sentence, and says what to do', () => {
  assert.deepEqual(Object.keys(ADVICE).toSorted(), Object.keys(REASONS).toSorted());
  for (const [reason, text] of [...Object.entries(REASONS), ...Object.entries(ADVICE)])
    assert.match(text, /^[A-Z`].*\.$/, reason);
});
