/** One process of the bench of the mesh: `runtime` serves models, `client` executes commands and measures them. */
import { createEtcdClient, readKvStore, type EtcdClient } from '@meshkeeper/etcd';
import { ModelMeshDefinition, modelStatusNumber } from '@meshkeeper/modelmesh';
import { type Channel, openChannel } from '@meshkeeper/grpc';
import { startModelServer } from './model-server.ts';

/** Calls of one kind: `inFlight` at a time, for `ms`, or until all of `ids` are done. */
export type Task = {
  /** Spread over them in turns. */
  readonly addresses: readonly string[];
  readonly inFlight: number;
} & (
  | { readonly kind: 'infer'; readonly modelId: string; readonly ms: number }
  | { readonly kind: 'set'; readonly ids: readonly string[]; readonly type: string; readonly loadNow: boolean }
  | { readonly kind: 'status' | 'untilLoaded'; readonly ids: readonly string[] }
  /** What a setVModel comes to at etcd, without the mesh. */
  | { readonly kind: 'txn'; readonly ids: readonly string[] }
);

export type Figures = { readonly calls: number; readonly seconds: number; readonly p50Us: number };

const MAX_BYTES = 16 * 1_048_576;
const MESSAGE = Buffer.alloc(200, 7);
const { setVModel, getVModelStatus } = ModelMeshDefinition.methods;
const channels = new Map<string, Channel>();
const etcds = new Map<string, EtcdClient>();

function channelTo(address: string): Channel {
  const [host = '', port] = address.split(':');
  const channel =
    channels.get(address) ??
    openChannel({ host, port: Number(port) }, { maxMessageBytes: MAX_BYTES, connectTimeoutMs: 5_000 });
  channels.set(address, channel);
  return channel;
}

function etcdAt(endpoint: string): EtcdClient {
  const client = etcds.get(endpoint) ?? createEtcdClient(readKvStore(`etcd:${endpoint}`));
  etcds.set(endpoint, client);
  return client;
}

/** Makes the i-th call of a task; undefined when there is none. */
function callsOf(task: Task): (i: number) => Promise<unknown> | undefined {
  const addressOf = (i: number): string => task.addresses[i % task.addresses.length] ?? '';
  if (task.kind === 'infer') {
    const end = performance.now() + task.ms;
    const call = { path: '/bench.Bytes/Call', headers: ['mm-model-id', task.modelId], message: MESSAGE };
    return (i) => (performance.now() < end ? channelTo(addressOf(i)).call(call) : undefined);
  }
  return (i) => {
    const id = task.ids[i];
    if (id === undefined) return undefined;
    if (task.kind === 'set') return setOne(addressOf(i), id, task.type, task.loadNow);
    if (task.kind === 'status') return statusOf(addressOf(i), id);
    return task.kind === 'txn' ? putTwo(etcdAt(addressOf(i)), id) : untilLoaded(addressOf(i), id);
  };
}

function setOne(address: string, id: string, type: string, loadNow: boolean): Promise<unknown> {
  const { requestType } = setVModel;
  const modelInfo = { type, path: `models/${id}`, key: '{"storage_key":"localMinIO","bucket":"models"}' };
  const request = { vModelId: id, targetModelId: `${id}-1`, modelInfo, autoDeleteTargetModel: true, loadNow };
  const message = Buffer.from(requestType.encode(requestType.fromPartial(request)).finish());
  return channelTo(address).call({ path: '/mmesh.ModelMesh/setVModel', message });
}

async function statusOf(address: string, vModelId: string): Promise<number | undefined> {
  const { requestType, responseType } = getVModelStatus;
  const message = Buffer.from(requestType.encode(requestType.fromPartial({ vModelId })).finish());
  const answer = await channelTo(address).call({ path: '/mmesh.ModelMesh/getVModelStatus', message });
  return responseType.decode(answer.message).activeModelStatus?.status;
}

async function untilLoaded(address: string, vModelId: string): Promise<void> {
  while ((await statusOf(address, vModelId)) !== modelStatusNumber.LOADED)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

function putTwo(etcd: EtcdClient, id: string): Promise<unknown> {
  const [vmodel, model] = [`bench/vmodels/${id}`, `bench/registry/${id}`];
  const compare = [vmodel, model].map((key) => ({ key, modRevision: 0n }));
  const value = JSON.stringify({ type: 'mt:sklearn', encKey: 'k'.repeat(48), mPath: id, lu: 1_700_000_000_000 });
  const success = [vmodel, model].map((key) => ({ kind: 'put', key, value }) as const);
  return etcd.txn({ compare, success, failure: [] });
}

async function carryOut(task: Task): Promise<Figures> {
  const times: number[] = [];
  const next = callsOf(task);
  const began = performance.now();
  let begun = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const start = performance.now();
      const call = next(begun++);
      if (call === undefined) return;
      await call;
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: task.inFlight }, work));
  const seconds = (performance.now() - began) / 1_000;
  times.sort((a, b) => a - b);
  return { calls: times.length, seconds, p50Us: (times[Math.floor(times.length / 2)] ?? 0) * 1_000 };
}

process.send?.(process.argv[2] === 'runtime' ? await startModelServer() : 'ready');
process.on('message', (task: Task) => void carryOut(task).then((figures) => process.send?.(figures)));
process.on('disconnect', () => process.exit());
