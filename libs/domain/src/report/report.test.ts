import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { CallError } from '../reasons/call-error.ts';
import { plan } from '../plan/plan.ts';
import type { Outcome } from '../plan/step.ts';
import type { VModelStatusInfo } from '../ports/mesh.ts';
import type { JsonObject } from '../objects/reduce.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { aModelStatus, anInferenceService, aPredictorSnapshot, aReply, NOW, viewed } from '../testing/builders.ts';
import { statusPatch } from '../status/status-patch.ts';
import { report } from './report-run.ts';
import type { Report } from './report.ts';

const NO_HOME = 'There are no running instances that meet the label requirements of type ';

function answered(snapshot: PredictorSnapshot, reply: VModelStatusInfo): Report {
  const planned = plan(snapshot, NOW);
  const outcomes = planned.steps.map((step): Outcome => ({ kind: 'done', step, reply }));
  return report(snapshot, planned, outcomes, NOW);
}

function words({ status }: Report): string {
  const { conditions, modelStatus } = status as {
    conditions: { status: string; reason?: string }[];
    modelStatus: JsonObject;
  };
  const states = modelStatus['states'] as Record<string, string>;
  const failure = modelStatus['lastFailureInfo'] as Record<string, string> | undefined;
  return [
    conditions.map(({ status: truth, reason = '' }) => `${truth}${reason && ` ${reason}`}`).join(','),
    modelStatus['transitionStatus'] as string,
    `${states['activeModelState']}/${states['targetModelState']}`,
    failure?.['reason'] ?? '-',
  ].join(' | ');
}

const moving = { targetModelId: 'digits__isvc-2222222222' };

test('a model whose runtime has ready pods is polled until the mesh knows them; one without ready pods waits to be woken', () => {
  const reply = aReply({
    activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:sklearn: [_no_runtime]`] }),
  });
  const looks = (hasNoReadyRuntime: boolean): number | undefined =>
    answered(aPredictorSnapshot({ hasNoReadyRuntime }), reply).lookAgainMs;
  assert.deepEqual([looks(false), looks(true)], [250, undefined]);
});

describe('what is shown of a model', () => {
  const cases: readonly (readonly [string, VModelStatusInfo, string])[] = [
    ['loaded is ready', aReply(), 'True,True | UpToDate | Loaded/ | -'],
    [
      'the very first load is not ready yet',
      aReply({ activeModelStatus: aModelStatus('LOADING') }),
      'False ModelLoading,False ModelLoading | UpToDate | Loading/ | -',
    ],
    [
      'never loaded is not ready',
      aReply({ activeModelStatus: aModelStatus('NOT_LOADED') }),
      'False ModelNotLoaded,False ModelNotLoaded | UpToDate | Standby/ | -',
    ],
    [
      'loaded with old errors has no failure',
      aReply({ activeModelStatus: aModelStatus('LOADED', { errors: ['old'] }) }),
      'True,True | UpToDate | Loaded/ | -',
    ],
    [
      'a failed load says so',
      aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: ['INTERNAL: boom'] }) }),
      'False ModelLoadFailed,False ModelLoadFailed | UpToDate | FailedToLoad/ | ModelLoadFailed',
    ],
    [
      'no home yet is loading, and waits for a runtime',
      aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:s: [mt:s]`] }) }),
      'False RuntimeUnhealthy,False RuntimeUnhealthy | UpToDate | Loading/ | RuntimeUnhealthy',
    ],
    [
      'no runtime of that name',
      aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}rt:s: [_no_runtime]`] }) }),
      'False RuntimeNotRecognized,False RuntimeNotRecognized | UpToDate | FailedToLoad/ | RuntimeNotRecognized',
    ],
    [
      'no runtime for that type',
      aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:s: [_no_runtime]`] }) }),
      'False NoSupportingRuntime,False NoSupportingRuntime | UpToDate | FailedToLoad/ | NoSupportingRuntime',
    ],
    [
      'a switch keeps the old one ready',
      aReply({ ...moving, status: 'TRANSITIONING', targetModelStatus: aModelStatus('LOADING') }),
      'True,True | InProgress | Loaded/Loading | -',
    ],
    [
      'a failed switch too',
      aReply({
        ...moving,
        status: 'TRANSITION_FAILED',
        targetModelStatus: aModelStatus('LOADING_FAILED', { errors: ['x'] }),
      }),
      'True,True | BlockedByFailedLoad | Loaded/FailedToLoad | ModelLoadFailed',
    ],
    [
      'a target without a home is still in progress',
      aReply({
        ...moving,
        status: 'TRANSITION_FAILED',
        targetModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:s: [mt:s]`] }),
      }),
      'True,True | InProgress | Loaded/Loading | RuntimeUnhealthy',
    ],
    [
      'an unknown status keeps what was shown',
      aReply({ activeModelStatus: aModelStatus('UNKNOWN') }),
      'False MeshUnknown,False MeshUnknown | UpToDate | Pending/ | -',
    ],
  ];
  for (const [name, reply, expected] of cases)
    test(name, () => assert.equal(words(answered(aPredictorSnapshot(), reply)), expected));

  test('where more is known than the mesh says, conditions say it, and the original’s field keeps the original’s words', () => {
    const noRuntime = aReply({
      activeModelStatus: aModelStatus('LOADING_FAILED', { errors: [`${NO_HOME}mt:sklearn: [_no_runtime]`] }),
    });
    const failed = aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: ['INTERNAL: boom'] }) });
    const noEntry = { secretName: 'storage-config', secret: undefined, claims: [] };
    const said = (more: Partial<PredictorSnapshot>, reply: VModelStatusInfo) => {
      const { status, events, reason } = answered(aPredictorSnapshot(more), reply);
      const { conditions, modelStatus } = status as { conditions: { message: string }[]; modelStatus: JsonObject };
      const { reason: original, message } = modelStatus['lastFailureInfo'] as Record<string, string>;
      return [conditions.at(-1)?.message, events.at(-1)?.reason, reason, `${original}: ${message}`];
    };
    assert.deepEqual(said({ hasNoReadyRuntime: true, runtimes: [] }, noRuntime), [
      'No runtime serves sklearn',
      'NoSupportingRuntime',
      'NoSupportingRuntime',
      'NoSupportingRuntime: No ServingRuntime supports specified model type and/or protocol',
    ]);
    assert.deepEqual(said({ storage: noEntry }, failed), [
      'Secret storage-config in namespace team-a has no entry k; the load failed: INTERNAL: boom',
      'StorageEntryMissing',
      'StorageEntryMissing',
      'ModelLoadFailed: INTERNAL: boom',
    ]);
  });

  test('what a load lacked is remembered for the next run, until another end', () => {
    const failed = aReply({ activeModelStatus: aModelStatus('LOADING_FAILED', { errors: ['INTERNAL: boom'] }) });
    const storage = { secretName: 'storage-config', secret: undefined, claims: [] };
    const after = (more: Partial<PredictorSnapshot>, reply: VModelStatusInfo) =>
      answered(aPredictorSnapshot(more), reply).memory;
    const memory = { lackedStorage: true };
    assert.deepEqual(after({ storage }, failed), memory);
    assert.equal(after({ storage, memory }, failed), undefined);
    assert.deepEqual([after({ memory }, failed), after({ memory }, aReply()), after({}, failed)], [{}, {}, undefined]);
  });

  test('evicted after it was ready stays ready, since a request loads it again', () => {
    const shown = answered(aPredictorSnapshot(), aReply()).status;
    const snapshot = aPredictorSnapshot({ object: viewed('inferenceServices', anInferenceService('a/b', shown)) });
    const evicted = answered(snapshot, aReply({ activeModelStatus: aModelStatus('NOT_LOADED') }));
    assert.equal(words(evicted), 'True,True | UpToDate | Standby/ | -');
  });

  test('without any pod it is not ready, however it was', () => {
    const shown = answered(aPredictorSnapshot(), aReply()).status;
    const snapshot = aPredictorSnapshot({
      endpoints: [],
      object: viewed('inferenceServices', anInferenceService('a/b', shown)),
    });
    const waiting = report(snapshot, plan(snapshot, NOW), [], NOW);
    assert.equal(
      words(waiting),
      'False RuntimeUnhealthy,False RuntimeUnhealthy | UpToDate | Loaded/ | RuntimeUnhealthy',
    );
    assert.deepEqual(
      waiting.events.map(({ reason }) => reason),
      ['NotReady', 'RuntimeUnhealthy'],
    );
  });

  test('reported twice is written once, and repeats no Event', () => {
    const first = answered(aPredictorSnapshot(), aReply());
    assert.deepEqual(
      first.events.map(({ reason }) => reason),
      ['Ready'],
    );
    const snapshot = aPredictorSnapshot({
      object: viewed('inferenceServices', anInferenceService('a/b', first.status)),
    });
    const second = answered(snapshot, aReply());
    assert.deepEqual(second.events, []);
    assert.equal(statusPatch('isvc', second.status ?? {}, first.status), undefined);
  });

  test('conditions of other owners stay', () => {
    const other = { type: 'IngressReady', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const snapshot = aPredictorSnapshot({
      object: viewed('inferenceServices', anInferenceService('a/b', { conditions: [other] })),
    });
    const { conditions } = answered(snapshot, aReply()).status as { conditions: { type: string }[] };
    assert.deepEqual(conditions[0], other);
  });

  test('while it loads it is polled after a tenth of the time, from 100 ms to 5 s', () => {
    const lookAfter = (ms: number): number | undefined => {
      const copies = [{ location: 'a', status: 'UNKNOWN' as const, time: NOW - ms }];
      return answered(aPredictorSnapshot(), aReply({ activeModelStatus: aModelStatus('LOADING', { copies }) }))
        .lookAgainMs;
    };
    assert.deepEqual([lookAfter(10), lookAfter(20_000), lookAfter(600_000)], [100, 2_000, 5_000]);
  });

  test('while it loads in a mesh that reports the end it is seldom polled, but immediately when the record is ahead of the answer', () => {
    const reply = aReply({ activeModelStatus: aModelStatus('LOADING') });
    const lookAfter = (states: readonly ('held' | 'loading' | 'loaded')[]): number | undefined => {
      const copies = states.map((state, index) => ({ instance: `i${index}`, state, since: NOW, message: '' }));
      return answered(aPredictorSnapshot({ copies: { [reply.activeModelId]: copies } }), reply).lookAgainMs;
    };
    const looks = [lookAfter(['loading']), lookAfter(['loading', 'held']), lookAfter(['loaded']), lookAfter([])];
    assert.deepEqual(looks, [30_000, 250, 250, 250]);
  });

  test('a mesh that does not answer is an error to retry, and changes no status', () => {
    const snapshot = aPredictorSnapshot();
    const planned = plan(snapshot, NOW);
    const error = new CallError('Transient', 'down', { code: 'UNAVAILABLE' });
    const failed = planned.steps.map((step): Outcome => ({ kind: 'failed', step, error }));
    const { status, error: retried } = report(snapshot, planned, failed, NOW);
    assert.deepEqual({ status, retried }, { status: undefined, retried: error });
  });
});

const anyJson = fc.object({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const anySnapshot = fc
  .record({
    status: fc.option(anyJson),
    predictor: anyJson,
    endpoints: fc.boolean(),
    owner: fc.constantFrom('isvc' as const, 'ksp' as const),
  })
  .map(({ status, predictor, endpoints, owner }) => {
    const object = { ...anInferenceService('p', status ?? undefined), spec: { predictor, ...predictor } };
    return aPredictorSnapshot({
      key: { kind: 'predictor', namespace: 'team-a', owner, name: 'digits' },
      object: viewed(owner === 'isvc' ? 'inferenceServices' : 'predictors', object),
      endpoints: endpoints ? ['10.64.0.3:8033'] : [],
    });
  });

test('any object gives a plan and a report, never a throw, and the same ones each time', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const once = answered(snapshot, aReply());
      assert.deepEqual(answered(snapshot, aReply()), once);
    }),
  );
});
