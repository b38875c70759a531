import assert from 'node:assert/strict';
import { PAUSED_ANNOTATION } from '../changes/facts.ts';
import { plan } from '../plan/plan.ts';
import type { JsonObject } from '../objects/reduce.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import {
  aMeshSnapshot,
  anInferenceService,
  aPredictorSnapshot,
  aReply,
  aRuntime,
  aRuntimeSnapshot,
  NOW,
  viewed,
} from '../testing/builders.ts';
import { report } from './report-run.ts';
import type { Report } from './report.ts';

const annotations = { 'serving.kserve.io/deploymentMode': 'ModelMesh', [PAUSED_ANNOTATION]: 'true' };
const reported = (snapshot: Snapshot): Report => report(snapshot, plan(snapshot, NOW), [], NOW);
const pausedModel = (status?: JsonObject) =>
  viewed('inferenceServices', anInferenceService('a/b', status, { annotations }));
const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-06-01T00:00:00Z' };

describe('what is paused', () => {
  test('is not written to, be it a model, a runtime or a whole namespace', () => {
    const runtime = aRuntime();
    const pausedRuntime = { ...runtime, metadata: { ...runtime.metadata, annotations } };
    const snapshots = [
      aPredictorSnapshot({ object: pausedModel() }),
      aRuntimeSnapshot({ runtime: { ...viewed('servingRuntimes', pausedRuntime), kind: 'ServingRuntime' } }),
      ...[aPredictorSnapshot(), aPredictorSnapshot({ object: undefined }), aRuntimeSnapshot(), aMeshSnapshot()].map(
        (snapshot): Snapshot => ({ ...snapshot, namespacePaused: true }),
      ),
    ];
    for (const snapshot of snapshots) {
      const { steps, obstacle } = plan(snapshot, NOW);
      assert.deepEqual([steps, obstacle?.reason], [[], 'Paused']);
    }
  });

  test('says so in its status, which otherwise stays as it was', () => {
    const { status } = reported(aPredictorSnapshot({ object: pausedModel({ url: 'grpc://x', conditions: [ready] }) }));
    const message = 'Reconciliation is paused by annotation meshkeeper.dev/paused: "true" of this object';
    const time = '2026-06-01T12:00:00Z';
    assert.deepEqual(status, {
      url: 'grpc://x',
      conditions: [{ type: 'Paused', status: 'True', reason: 'Paused', message, lastTransitionTime: time }, ready],
    });
    assert.deepEqual(reported(aPredictorSnapshot({ object: pausedModel(status) })).status, status);
  });

  test('with its namespace has no status written', () => {
    assert.equal(reported(aPredictorSnapshot({ namespacePaused: true })).status, undefined);
  });

  test('is reported once, until it continues', () => {
    const first = reported(aPredictorSnapshot({ object: pausedModel() }));
    assert.deepEqual(
      first.events.map(({ type, reason }) => `${type} ${reason}`),
      ['Normal Paused'],
    );
    const memory = first.memory ?? {};
    assert.deepEqual(reported(aPredictorSnapshot({ object: pausedModel(), memory })).events, []);
    const resumed = aPredictorSnapshot({ memory });
    const planned = plan(resumed, NOW);
    const outcomes = planned.steps.map((step) => ({ kind: 'done' as const, step, reply: aReply() }));
    assert.deepEqual(report(resumed, planned, outcomes, NOW).memory, {});
  });

  test('loses its condition once it continues', () => {
    const status = { conditions: [{ type: 'Paused', status: 'True' }, ready, { type: 'Theirs', status: 'True' }] };
    const snapshot = aPredictorSnapshot({ object: viewed('inferenceServices', anInferenceService('a/b', status)) });
    const planned = plan(snapshot, NOW);
    const outcomes = planned.steps.map((step) => ({ kind: 'done' as const, step, reply: aReply() }));
    const { conditions } = report(snapshot, planned, outcomes, NOW).status as {
      readonly conditions: readonly JsonObject[];
    };
    assert.deepEqual(
      conditions.map(({ type }) => type),
      ['PredictorReady', 'Ready', 'Theirs'],
    );
  });
});
