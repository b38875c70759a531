import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { plan } from '../plan/plan.ts';
import type { JsonObject } from '../objects/reduce.ts';
import { report } from '../report/report-run.ts';
import { readShown } from '../status/shown-status.ts';
import { readCopies } from '../objects/model-copies.ts';
import { anInferenceService, aPredictorSnapshot, NOW, viewed } from '../testing/builders.ts';
import { aSeenRuntime, FIXES, targetOf, type Situation } from '../testing/gate-builders.ts';
import { GATES } from './gate.ts';
import { gatesOf } from './gates-of.ts';
import { seenInStatus } from './seen-model.ts';

const anyJson = fc.object({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const ours = anInferenceService();
const anyObject = fc.oneof(
  { weight: 3, arbitrary: fc.constant(ours) },
  fc.constant({ ...ours, spec: { predictor: {} } }),
  anyJson.map((predictor) => ({ ...ours, spec: { predictor } })),
);
const anyRuntime = fc
  .record({
    name: fc.constantFrom('mlserver', 'triton'),
    spec: fc.oneof(fc.constant({}), fc.constant({ disabled: true }), fc.constant({ supportedModelFormats: [] })),
    kind: fc.constantFrom('ServingRuntime' as const, 'ClusterServingRuntime' as const),
  })
  .map(({ name, spec, kind }) => aSeenRuntime(name, spec, kind));
const anyEntry = fc.constantFrom({ type: 's3' }, { type: 'pvc', claim: 'data' });
const anySeen = fc
  .record({
    states: fc.record({
      activeModelState: fc.constantFrom('Pending', 'Standby', 'Loading', 'Loaded', 'FailedToLoad'),
      targetModelState: fc.constantFrom('', 'Loading', 'FailedToLoad'),
    }),
    ready: fc.boolean(),
  })
  .map(({ states, ready }): JsonObject => ({
    modelStatus: { states },
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  }));

const anySituation: fc.Arbitrary<Situation> = fc
  .record({
    object: fc.option(anyObject),
    status: fc.oneof(anySeen, anyJson),
    registry: fc.oneof(fc.constant({ instanceIds: { a: 1 } }), fc.constant({ failedIn: { a: 1 } }), anyJson),
    vmodel: fc.constantFrom(undefined, 'isvc', 'ksp', ''),
    parts: fc.record({
      objectsComplete: fc.boolean(),
      namespaceEnabled: fc.constantFrom(true, false, undefined),
      runtimes: fc.option(fc.array(anyRuntime, { maxLength: 3 }), { nil: undefined }),
      podsKnown: fc.boolean(),
      hasNoReadyRuntime: fc.boolean(),
      meshComplete: fc.boolean(),
      endpoints: fc.constantFrom([], ['10.64.0.3:8033']),
      storage: fc.option(
        fc.record({
          secretName: fc.constant('storage-config'),
          secret: fc.option(
            fc
              .dictionary(fc.constantFrom('k', 'default', 'toString'), anyEntry)
              .map((entries) => ({ entries, claims: ['data'] })),
            { nil: undefined },
          ),
          claims: fc.constantFrom([], ['data']),
        }),
        { nil: undefined },
      ),
    }),
  })
  .map(({ object, status, registry, vmodel, parts }) => {
    const seenObject = object === null ? undefined : viewed('inferenceServices', { ...object, status });
    const base = aPredictorSnapshot({ ...parts, object: seenObject });
    const target = targetOf(base);
    const snapshot = {
      ...base,
      vmodel: vmodel === undefined ? undefined : { owner: vmodel, active: target, target, failed: false },
      copies: { [target]: readCopies(registry) },
    };
    return { snapshot, seen: seenInStatus(readShown('isvc', seenObject?.body)) };
  });

test('any object has its gates, the same each time, and those behind the first open one wait', () => {
  fc.assert(
    fc.property(anySituation, ({ snapshot, seen }) => {
      const gates = gatesOf(snapshot, seen);
      assert.deepEqual(gatesOf(snapshot, seen), gates);
      assert.deepEqual(
        gates.map(({ name }) => name),
        GATES,
      );
      const first = gates.findIndex(({ state }) => state === 'open');
      for (const [i, { state, reason }] of gates.entries()) {
        assert.equal(state === 'waiting', first >= 0 && i > first);
        assert.equal(reason !== undefined, state === 'open');
      }
    }),
  );
});

test('what opens one gate closes none before it', () => {
  fc.assert(
    fc.property(anySituation, fc.constantFrom(...GATES), (situation, name) => {
      const at = GATES.indexOf(name);
      const before = gatesOf(situation.snapshot, situation.seen);
      const { snapshot, seen } = FIXES[name](situation);
      const after = gatesOf(snapshot, seen);
      for (const [i, gate] of before.slice(0, at).entries())
        if (gate.state === 'passed') assert.equal(after[i]?.state, 'passed', `${name} closed ${gate.name}`);
      // An object that was put right is another model, which then has gates of its own to pass.
      const isReached = before.slice(0, at + 1).every(({ state }) => state !== 'waiting');
      if (isReached) assert.notEqual(after[at]?.state, 'open', `${name} is still open: ${after[at]?.message}`);
    }),
  );
});

test('a model with an open gate before the mesh has the reason of that gate', () => {
  fc.assert(
    fc.property(anySituation, ({ snapshot }) => {
      const whole = { ...snapshot, object: viewed('inferenceServices', ours), endpoints: [], namespaceEnabled: true };
      const { reason } = report(whole, plan(whole, NOW), [], NOW);
      const [first] = gatesOf(whole, seenInStatus(readShown('isvc', undefined))).filter(
        ({ state }) => state === 'open',
      );
      if (plan(whole, NOW).obstacle === undefined) return;
      if (first !== undefined && ['runtime', 'storage', 'pods'].includes(first.name))
        assert.equal(reason, first.reason);
      else assert.equal(reason, 'RuntimeUnhealthy');
    }),
  );
});
