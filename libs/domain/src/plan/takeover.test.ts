import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { toRecordChange } from '../changes/to-change.ts';
import { reduce, type JsonObject, type KubeObject } from '../objects/reduce.ts';
import { report } from '../report/report-run.ts';
import { statusPatch } from '../status/status-patch.ts';
import type { PredictorSnapshot } from '../snapshot/snapshot.ts';
import { aModelStatus, aPredictorSnapshot, aReply, NOW } from '../testing/builders.ts';
import type { Owner } from '../objects/work-key.ts';
import { plan } from './plan.ts';

type Line = {
  readonly object: KubeObject;
  readonly invalid?: string;
  readonly targetModelId?: string;
  readonly owner?: Owner;
};

type Valid = Line & { readonly targetModelId: string; readonly owner: Owner };

const models = readFileSync(new URL('../registration/testdata/predictors.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line)
  .filter((line): line is Valid => line.invalid === undefined && line.targetModelId !== undefined);

/** The status that the original leaves of a model that is loaded. */
function statusOf(owner: Owner): JsonObject {
  if (owner === 'ksp')
    return {
      available: true,
      activeModelState: 'Loaded',
      targetModelState: '',
      transitionStatus: 'UpToDate',
      failedCopies: 0,
      totalCopies: 1,
      grpcEndpoint: 'grpc://modelmesh-serving.ns:8033',
    };
  const url = 'grpc://modelmesh-serving.ns:8033';
  const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: '2026-05-01T00:00:00Z' });
  return {
    url,
    components: { predictor: { url, grpcUrl: url } },
    conditions: [condition('PredictorReady'), condition('Ready')],
    modelStatus: {
      transitionStatus: 'UpToDate',
      states: { activeModelState: 'Loaded', targetModelState: '' },
      copies: { failedCopies: 0, totalCopies: 1 },
    },
  };
}

/** An object that the original registered, with its record exactly as the original's mesh writes it. */
function takenOver({ object, targetModelId, owner }: Valid): PredictorSnapshot {
  const { name } = object.metadata;
  const value = JSON.stringify({ amid: targetModelId, tmid: targetModelId, o: owner });
  const record = JSON.parse(
    toRecordChange({ namespace: 'ns', table: 'vmodels', id: name, value, revision: '5' }).body,
  ) as { readonly o: string; readonly amid: string; readonly tmid: string };
  const live = { ...object, status: statusOf(owner), metadata: { ...object.metadata, generation: 1 } };
  return aPredictorSnapshot({
    key: { kind: 'predictor', namespace: 'ns', owner, name },
    object: { revision: '7', body: reduce(owner === 'isvc' ? 'inferenceServices' : 'predictors', live) },
    vmodel: { owner: record.o, active: record.amid, target: record.tmid, failed: false },
  });
}

test('taking over from the original changes nothing in the mesh, and of each status only what it did not have', () => {
  assert.ok(models.length > 100);
  const patches = new Map<string, number>();
  for (const line of models) {
    const snapshot = takenOver(line);
    const planned = plan(snapshot, NOW);
    assert.deepEqual(
      planned.steps.map(({ kind }) => kind),
      ['getVModelStatus'],
      line.object.metadata.name,
    );
    const ids = { activeModelId: line.targetModelId, targetModelId: line.targetModelId };
    const copies = [{ location: 'pod', status: 'LOADED' as const, time: 0 }];
    const reply = aReply({ owner: line.owner, ...ids, activeModelStatus: aModelStatus('LOADED', { copies }) });
    const outcomes = planned.steps.map((step) => ({ kind: 'done' as const, step, reply }));
    const { status, events } = report(snapshot, planned, outcomes, NOW);
    const patch = statusPatch(line.owner, status ?? {}, snapshot.object?.body.status);
    const what = JSON.stringify(patch, (key, value: unknown) => (key === 'latestReadyRevision' ? 'id' : value));
    patches.set(`${line.owner} ${what}`, (patches.get(`${line.owner} ${what}`) ?? 0) + 1);
    assert.deepEqual(events, []);
  }
  assert.deepEqual([...patches.keys()].toSorted(), [
    'isvc {"observedGeneration":1,"components":{"predictor":{"latestReadyRevision":"id"}}}',
    'ksp undefined',
  ]);
});
