import type { ModelRecord } from '@meshkeeper/modelmesh';
import type { RecordStore } from '../records/record-store.ts';
import { RpcError } from '@meshkeeper/grpc';
import type { RequestId } from './request-ids.ts';

/** The record of the model that is meant now. What the view does not know is asked of etcd. @throws RpcError, CallError */
export async function resolveModel(
  { kind, id }: RequestId,
  store: RecordStore,
): Promise<{ readonly modelId: string; readonly record: ModelRecord }> {
  if (kind === 'model') {
    const record = await readModel(id, store);
    if (record === undefined) throw new RpcError('NOT_FOUND', 'model not found');
    return { modelId: id, record };
  }
  const known = store.vmodel(id);
  if (known === undefined) await store.read([{ table: 'vmodels', id }]);
  const active = store.vmodel(id)?.amid;
  if (active === undefined) throw new RpcError('NOT_FOUND', 'vmodel not found');
  const record = store.model(active);
  if (record !== undefined) return { modelId: active, record };
  await store.read([{ table: 'vmodels', id }]);
  const modelId = store.vmodel(id)?.amid ?? active;
  const found = await readModel(modelId, store);
  if (found === undefined) throw new RpcError('INTERNAL', `Target model ${modelId} of vmodel ${id} not found`);
  return { modelId, record: found };
}

async function readModel(id: string, store: RecordStore): Promise<ModelRecord | undefined> {
  const known = store.model(id);
  if (known !== undefined) return known;
  await store.read([{ table: 'registry', id }]);
  return store.model(id);
}
