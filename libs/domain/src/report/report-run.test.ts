import type { Outcome, Plan, Step } from '../plan/step.ts';
import { CallError } from '../reasons/call-error.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import {
  aMeshSnapshot,
  anInferenceService,
  aPredictorSnapshot,
  aRuntimeSnapshot,
  NOW,
  viewed,
} from '../testing/builders.ts';
import { report } from './report-run.ts';

const TARGET = { kind: 'services' as const, namespace: 'team-a', name: 's' };
const PLAN: Plan = { steps: [], obstacle: undefined, warnings: [], lookAgainMs: undefined, memory: {} };
const created: Step = { kind: 'create', target: TARGET, object: { metadata: { name: 's' } }, reason: 'Created' };
const repaired = (changedBy?: string): Step => ({
  kind: 'apply',
  target: TARGET,
  object: created.object,
  seen: { resourceVersion: '1', adopt: undefined },
  difference: 'spec.type',
  changedBy,
  reason: 'DriftRepaired',
});
const done = (step: Step, more: object = {}): Outcome => ({ kind: 'done', step, reply: undefined, ...more });
const error = new CallError('Transient', 'down');
const failed = (step: Step): Outcome => ({ kind: 'failed', step, error });
const warning = { reason: 'InvalidAutoscaling' as const, message: 'odd' };
const of = (snapshot: Snapshot, plan: Partial<Plan> = {}, ...outcomes: readonly Outcome[]) =>
  report(snapshot, { ...PLAN, ...plan }, outcomes, NOW);

test('a run of a mesh or a runtime has no status, and keeps the memory of its plan', () => {
  const memory = { emptySince: 5 };
  expect(of(aRuntimeSnapshot(), { memory, lookAgainMs: 7, steps: [created] }, done(created))).toEqual({
    status: undefined,
    events: [],
    lookAgainMs: 7,
    reason: 'Created',
    gone: false,
    memory: { ...memory, live: undefined, emittedEvents: undefined },
    error: undefined,
  });
});

test('the reason is that of the obstacle, else that of the last step, else that all is up to date', () => {
  const ask: Step = { kind: 'getVModelStatus', ref: { vModelId: 'v', owner: 'isvc' } };
  const obstacle = { reason: 'InvalidRuntime' as const, message: 'm' };
  const plans: readonly Partial<Plan>[] = [
    { steps: [created], obstacle },
    { steps: [ask, created] },
    { steps: [ask] },
    {},
  ];
  expect(plans.map((plan) => of(aMeshSnapshot(), plan).reason)).toEqual([
    'InvalidRuntime',
    'Created',
    'UpToDate',
    'UpToDate',
  ]);
});

test('a failed step is the error, and nothing is remembered', () => {
  expect(of(aMeshSnapshot(), {}, done(created), failed(created))).toMatchObject({ error, memory: undefined });
});

test('a warning is one Event, until it no longer holds', () => {
  const first = of(aMeshSnapshot(), { warnings: [warning] });
  expect(first.events).toEqual([{ type: 'Warning', ...warning }]);
  expect(first.memory?.emittedEvents).toHaveLength(1);
  const again = of(aMeshSnapshot({ memory: first.memory ?? {} }), { warnings: [warning] });
  expect([again.events, again.memory]).toEqual([[], first.memory]);
  expect(of(aMeshSnapshot({ memory: first.memory ?? {} })).memory?.emittedEvents).toBeUndefined();
});

test('an obstacle is an Event before the warnings, and that of a wrong configuration is none', () => {
  const events = (reason: 'InvalidRuntime' | 'InvalidConfiguration' | 'Paused') =>
    of(aRuntimeSnapshot(), { obstacle: { reason, message: 'm' }, warnings: [warning] }).events;
  const own = { type: 'Warning', ...warning };
  expect([events('InvalidRuntime'), events('InvalidConfiguration'), events('Paused')]).toEqual([
    [{ type: 'Warning', reason: 'InvalidRuntime', message: 'm' }, own],
    [own],
    [{ type: 'Normal', reason: 'Paused', message: 'm' }, own],
  ]);
});

test('a repair names the field and who changed it; other steps have no Event', () => {
  const message = (outcome: Outcome) => of(aMeshSnapshot(), {}, outcome).events.map((event) => event.message);
  const updated: Step = { ...repaired('kubectl'), reason: 'Updated' } as Step;
  expect([
    message(done(repaired('kubectl'))),
    message(done(repaired())),
    message(done(updated)),
    message(done(created)),
    message(failed(repaired())),
  ]).toEqual([
    ['Service s: spec.type was modified externally by kubectl and has been restored'],
    ['Service s: spec.type was modified externally and has been restored'],
    [],
    [],
    [],
  ]);
});

test('what was copied, and what was read live, is remembered', () => {
  const copied = { from: '1', to: '2' };
  const live = { tlsSecret: 'missing' as const };
  const memoryOf = (snapshot: Snapshot, ...outcomes: readonly Outcome[]) =>
    of(snapshot, { memory: { copied: { from: '0', to: '0' } } }, ...outcomes).memory;
  const nothing = { emittedEvents: undefined, live: undefined };
  expect([
    memoryOf(aMeshSnapshot(), done(created), done(created, { copied })),
    memoryOf(aMeshSnapshot(), done(created)),
    memoryOf(aRuntimeSnapshot({ live })),
  ]).toEqual([
    { ...nothing, copied },
    { ...nothing, copied: { from: '0', to: '0' } },
    { ...nothing, copied: { from: '0', to: '0' }, live },
  ]);
});

describe('A model', () => {
  const object = viewed(
    'inferenceServices',
    anInferenceService('a', undefined, {
      annotations: { 'meshkeeper.dev/paused': 'true', 'serving.kserve.io/deploymentMode': 'ModelMesh' },
    }),
  );

  test('that is paused says so in its status', () => {
    const obstacle = { reason: 'Paused' as const, message: 'm' };
    const { status, events } = of(aPredictorSnapshot({ object }), { obstacle });
    expect(status).toEqual({
      conditions: [
        { type: 'Paused', status: 'True', reason: 'Paused', message: 'm', lastTransitionTime: '2026-06-01T12:00:00Z' },
      ],
    });
    expect(events).toEqual([{ type: 'Normal', ...obstacle }]);
  });

  test('has no status of a wrong configuration', () => {
    const obstacle = { reason: 'InvalidConfiguration' as const, message: 'm' };
    expect(of(aPredictorSnapshot(), { obstacle })).toMatchObject({
      status: undefined,
      reason: 'InvalidConfiguration',
      events: [],
    });
    expect(of(aRuntimeSnapshot(), { obstacle: { reason: 'Paused', message: 'm' } }).status).toBeUndefined();
  });
});
