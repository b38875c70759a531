import assert from 'node:assert/strict';
import { KINDS, MESH_SOURCE, type KindName } from '../objects/kinds.ts';
import { MemoryView } from '../snapshot/memory-view.ts';
import type { KubeObject } from '../objects/reduce.ts';
import { explainRequest } from '../snapshot/gather-request.ts';
import { aRuntime, NOW } from '../testing/builders.ts';
import { toChange } from '../changes/to-change.ts';
import { explainKey } from './explain-key.ts';

const CONTEXT = { ownNamespace: 'modelmesh-serving', etcdSecretName: 'model-serving-etcd' };
const KEY = { kind: 'runtime', namespace: 'team-a', name: 'mlserver' } as const;
const RUNS = { runs: 1, isRunning: false, nextRunAt: undefined, waitingSince: undefined, failures: 0, lastError: '' };

test('of objects that are not watched, an explanation knows what the last run saw', () => {
  const view = new MemoryView();
  for (const { source } of Object.values(KINDS)) view.complete(source);
  view.complete(MESH_SOURCE);
  const see = (kind: KindName, object: KubeObject): void =>
    view.record(KINDS[kind].source, [toChange(kind, object, CONTEXT)]);
  see('namespaces', { metadata: { name: 'team-a', labels: { 'modelmesh-enabled': 'true' } } });
  const { metadata, ...runtime } = aRuntime();
  see('servingRuntimes', { ...runtime, metadata: { ...metadata, annotations: { productConfig: 'tuning' } } });
  const gathered = view.gather(explainRequest(KEY, CONTEXT));
  const reason = (memory: string): unknown =>
    explainKey(KEY, { gathered, history: [], runs: RUNS, memory }, CONTEXT, NOW).reason;
  const remembered = JSON.stringify({ live: { productConfig: false } });
  assert.deepEqual([reason(''), reason(remembered)], [undefined, 'ProductConfigMissing']);
});
