import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChannel, createClient } from 'nice-grpc';
import { Agent, request } from 'undici';
import { GRPCInferenceServiceDefinition } from '@meshkeeper/open-inference';
import { startSandbox, type Sandbox } from '@meshkeeper/sandbox';
import { prepareNewRedis } from '../src/new-redis.ts';
import { ROOT } from '../src/state-folder.ts';
import { benchPull } from './pull.ts';
import { compare, type Way } from './compare.ts';

type Say = (line: string) => void;

const IMAGE = (
  JSON.parse(readFileSync(join(ROOT, 'examples/models/digits-request.json'), 'utf8')) as {
    readonly inputs: readonly [{ readonly name: string; readonly data: number[] }];
  }
).inputs[0];

/**
 * A prediction requested from the model server itself, through the mesh, and by REST, for our own server and for MLServer.
 * Then a model of 1 GB, fetched from S3. What is compared takes turns.
 */
export async function benchServing(say: Say): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meshkeeper-bench-'));
  say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
  try {
    const sandbox = await startSandbox({
      folder,
      root: ROOT,
      newRedis: prepareNewRedis,
      serving: { kind: 'real', mlserver: true },
    });
    try {
      for (const server of SERVERS) await compareWays(say, sandbox, server);
    } finally {
      await sandbox.stop();
    }
    await benchPull(say, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`machine load: ${loadavg()[0]?.toFixed(2)}`);
}

type Server = { readonly title: string; readonly runtime: string; readonly model: string; readonly port: number };

const SERVERS: readonly Server[] = [
  { title: 'onnx-runtime', runtime: 'onnx-1.x', model: 'example-onnx-isvc', port: 8085 },
  { title: 'MLServer behind its adapter', runtime: 'mlserver-1.x', model: 'example-sklearn-isvc', port: 8001 },
];

async function compareWays(say: Say, sandbox: Sandbox, { title, runtime, model, port }: Server): Promise<void> {
  const get = (...args: readonly string[]) => sandbox.kubectl(['get', ...args]);
  const ip = await get('pods', `--selector=name=modelmesh-serving-${runtime}`, '-o=jsonpath={.items[0].status.podIP}');
  const loaded = await get('isvc', model, '-o=jsonpath={.status.components.predictor.latestReadyRevision}');
  const host = ip.replace(/^10\./, '127.');
  const direct = grpcWay(`${host}:${port}`, loaded);
  const mesh = grpcWay(`${host}:8033`, model);
  const rest = restWay(`http://${host}:8008/v2/models/${model}/infer`);
  say(`${title}, a picture of 64 numbers`);
  await compare(say, [
    { name: 'asked itself', ...direct },
    { name: 'through the mesh', ...mesh },
    { name: 'by REST', ...rest },
  ]);
}

function grpcWay(address: string, modelName: string): Omit<Way, 'name'> {
  const channel = createChannel(address);
  const client = createClient(GRPCInferenceServiceDefinition, channel);
  const contents = { fp32Contents: IMAGE.data };
  const inputs = [{ name: IMAGE.name, datatype: 'FP32', shape: [1n, 64n], contents }];
  return {
    ask: async () => {
      const { outputs } = await client.modelInfer({ modelName, inputs });
      if (outputs.length === 0) throw new Error(`${address} gave no output`);
    },
    close: async () => channel.close(),
  };
}

function restWay(url: string): Omit<Way, 'name'> {
  const dispatcher = new Agent({ connections: 16 });
  const body = JSON.stringify({ inputs: [{ ...IMAGE, datatype: 'FP32', shape: [1, 64] }] });
  return {
    ask: async () => {
      const answer = await request(url, { method: 'POST', body, dispatcher });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(text);
    },
    close: () => dispatcher.close(),
  };
}
