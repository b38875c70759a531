import assert from 'node:assert/strict';
import {
  gatherRequest,
  KINDS,
  MemoryView,
  MESH_SOURCE,
  reduce,
  toChange,
  toRecordChange,
  wantedOfInferenceService,
  type Gathered,
  type KindName,
  type KubeObject,
  type PredictorSnapshot,
} from '@meshkeeper/domain';
import { createLogger } from '@meshkeeper/process';
import { createHandleJob } from './handle-job.ts';
import type { Ports } from './ports.ts';

const CONTEXT = { ownNamespace: 'own', etcdSecretName: 'model-serving-etcd' };
const KEY: PredictorSnapshot['key'] = { kind: 'predictor', namespace: 'own', owner: 'isvc', name: 'digits' };

const loading: KubeObject = {
  metadata: {
    name: 'digits',
    namespace: 'own',
    resourceVersion: '5',
    annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
  },
  spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://bucket/digits' } } },
  status: {
    modelStatus: { transitionStatus: 'InProgress', states: { activeModelState: 'Loading', targetModelState: '' } },
  },
};

/** A registered model that loads, in a namespace with one pod. */
function aLoadingModel(): Gathered {
  const view = new MemoryView();
  const record = (kind: KindName, object: KubeObject): void =>
    view.record(KINDS[kind].source, [toChange(kind, object, CONTEXT)]);
  for (const { source } of Object.values(KINDS)) view.complete(source);
  view.complete(MESH_SOURCE);
  record('namespaces', { metadata: { name: 'own', resourceVersion: '3' } });
  record('inferenceServices', loading);
  record('endpointSlices', {
    metadata: { name: 'x', namespace: 'own', labels: { 'kubernetes.io/service-name': 'modelmesh-serving' } },
    ports: [{ name: 'grpc', port: 8033 }],
    endpoints: [{ addresses: ['10.64.0.3'] }],
  });
  const containers = [{ name: 'mm', env: [{ name: 'MM_LABELS', value: 'mt:sklearn' }] }];
  record('deployments', {
    metadata: { name: 'pods', namespace: 'own' },
    spec: { template: { spec: { containers } } },
    status: { readyReplicas: 1 },
  });
  const wanted = wantedOfInferenceService(reduce('inferenceServices', loading));
  const id = wanted.kind === 'model' ? wanted.registration.targetModelId : '';
  const value = JSON.stringify({ o: 'isvc', amid: id, tmid: id });
  view.record(MESH_SOURCE, [
    toRecordChange({ namespace: 'own', table: 'vmodels', id: 'digits', value, revision: '6' }),
  ]);
  return view.gather(gatherRequest(KEY, CONTEXT));
}

function ports(waitMs: number, calls: string[]): Ports {
  const unused = (): never => assert.fail('nothing else should be called');
  return {
    gather: async () => aLoadingModel(),
    kube: { read: unused, create: unused, apply: unused, patchStatus: async () => loading, delete: unused },
    live: { secretKeys: unused, hasConfigMap: unused, deploymentUid: unused },
    secrets: { copy: unused },
    mesh: {
      setVModel: unused,
      deleteVModel: unused,
      getVModelStatus: async (_target, { vModelId }) => {
        calls.push(`ask ${vModelId}`);
        const info = { status: 'LOADING', errors: [], copies: [] } as const;
        return {
          status: 'DEFINED',
          owner: 'isvc',
          activeModelId: 'a',
          targetModelId: 'a',
          activeModelStatus: info,
          targetModelStatus: info,
        };
      },
    },
    meshRecords: { readVModel: unused },
    budget: {
      take: async (of, caller) => {
        calls.push(`take ${of} ${caller}`);
        return waitMs;
      },
    },
    brake: { permit: unused },
    effects: { recordEffect: async () => [] },
    enqueue: async () => undefined,
    events: { send: async () => undefined },
    writes: {
      wrote: () => undefined,
      failed: unused,
      blocked: (kind, reason) => void calls.push(`count blocked ${kind} ${reason}`),
    },
    logger: createLogger('test', 'silent'),
    now: () => 0,
    context: CONTEXT,
  };
}

async function handle(waitMs: number): Promise<{ readonly calls: readonly string[]; readonly lookAgainMs: unknown }> {
  const calls: string[] = [];
  const run = { dueCount: 1, fencingToken: 1, failures: 0, streak: 0, markedAt: 0, cause: [], memory: '' };
  const { signal } = new AbortController();
  const context = { key: 'predictor/own/isvc/digits', run, guard: () => undefined, signal };
  const { lookAgainMs } = await createHandleJob(ports(waitMs, calls))(context);
  return { calls, lookAgainMs };
}

test('a model whose load is requested takes from the budget of its mesh first', async () => {
  const { calls, lookAgainMs } = await handle(0);
  assert.deepEqual(calls, ['take own predictor/own/isvc/digits', 'ask digits']);
  assert.ok(Number(lookAgainMs) > 0);
});

test('a model that has to wait for its turn is not queried, shows nothing new, and comes back', async () => {
  const { calls, lookAgainMs } = await handle(120);
  assert.deepEqual(calls, ['take own predictor/own/isvc/digits', 'count blocked predictor StatusCallBudget']);
  assert.equal(lookAgainMs, 120);
});
