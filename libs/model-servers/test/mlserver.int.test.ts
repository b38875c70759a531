import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createChannel, createClient } from 'nice-grpc';
import { GRPCInferenceServiceDefinition, type ModelInferRequest } from '@meshkeeper/open-inference';
import { ensureMlserver, freePort, startProcess, waitFor, type ManagedProcess } from '@meshkeeper/sandbox';
import { podFolder, startAdapter, type RunningAdapter } from './adapter-process.ts';

/** The real MLServer, with scikit-learn. */
const EXAMPLES = join(import.meta.dirname, '../../../examples/models');
const pod = podFolder();
const adapted = join(pod.models, '_mlserver_models');
let python: string;
let port: number;
let mlserver: ManagedProcess;
let adapter: RunningAdapter;

async function startMlserver(): Promise<ManagedProcess> {
  const [http, metrics] = [await freePort(), await freePort()];
  return startProcess({
    name: 'MLServer',
    command: join(python, 'bin', 'mlserver'),
    args: ['start', adapted],
    env: {
      PATH: process.env['PATH'] ?? '',
      MLSERVER_MODELS_DIR: adapted,
      MLSERVER_GRPC_PORT: String(port),
      MLSERVER_HTTP_PORT: String(http),
      MLSERVER_METRICS_PORT: String(metrics),
      MLSERVER_HOST: '127.0.0.1',
      MLSERVER_LOAD_MODELS_AT_STARTUP: 'false',
      MLSERVER_MODEL_NAME: 'dummy-model-fixme',
      MLSERVER_PARALLEL_WORKERS: '0',
    },
    // It writes its metrics into the folder that it runs in.
    cwd: pod.folder,
    logFile: join(pod.folder, 'mlserver.log'),
  });
}

beforeAll(async () => {
  python = await ensureMlserver();
  port = await freePort();
  adapter = await startAdapter('mlserver', pod, port);
  const joblib = join(pod.claim, 'digits.joblib');
  execFileSync(join(python, 'bin', 'python'), [join(EXAMPLES, 'make-digits.py'), joblib]);
  adapter.put('broken.joblib', 'not a pickle');
  mlserver = await startMlserver();
});

afterAll(async () => {
  await adapter.stop();
  await mlserver.stop();
  pod.remove();
});

const channelTo = (): ReturnType<typeof createChannel> => createChannel(`127.0.0.1:${port}`);

async function predict(modelName: string): Promise<bigint | undefined> {
  const channel = channelTo();
  try {
    const { inputs } = JSON.parse(readFileSync(join(EXAMPLES, 'digits-request.json'), 'utf8')) as {
      readonly inputs: readonly { readonly name: string; readonly shape: number[]; readonly data: number[] }[];
    };
    const tensors = inputs.map(({ name, shape, data }) => ({
      name,
      datatype: 'FP32',
      shape: shape.map(BigInt),
      contents: { fp32Contents: data },
    }));
    const client = createClient(GRPCInferenceServiceDefinition, channel);
    const request: Parameters<typeof client.modelInfer>[0] = { modelName, inputs: tensors } satisfies Partial<
      Record<keyof ModelInferRequest, unknown>
    >;
    return (await client.modelInfer(request)).outputs[0]?.contents?.int64Contents[0];
  } finally {
    channel.close();
  }
}

test('the adapter is starting until the server answers, and then ready under its version', async () => {
  const { runtimeVersion } = await adapter.untilReady();
  assert.match(runtimeVersion, /^1\.7\./);
});

test('a scikit-learn model is loaded from storage and predicts, under its own id', async () => {
  const { sizeInBytes } = await adapter.load('digits__isvc-0123456789', 'sklearn', 'digits.joblib');
  const bytes = readFileSync(join(pod.claim, 'digits.joblib')).length;
  assert.equal(sizeInBytes, BigInt(Math.trunc(bytes * 1.25)));
  assert.equal(await predict('digits__isvc-0123456789'), 8n);
});

test('a file that is no model is reported in the words of the server, and leaves nothing', async () => {
  await assert.rejects(adapter.load('broken', 'sklearn', 'broken.joblib'), {
    details: /^Failed to load Model due to MLServer runtime error: /,
  });
  assert.ok(!existsSync(join(adapted, 'broken')));
  assert.ok(!existsSync(join(pod.models, 'broken')));
});

test('an unloaded model predicts no longer, and a second unload is no failure', async () => {
  await adapter.load('second', 'sklearn', 'digits.joblib');
  await adapter.runtime.unloadModel({ modelId: 'second' });
  await adapter.runtime.unloadModel({ modelId: 'second' });
  await assert.rejects(predict('second'), /not found/i);
  assert.ok(!existsSync(join(adapted, 'second')));
});

test('a server that was killed is starting, then empty and ready, and loads again', async () => {
  mlserver.kill();
  await mlserver.exited;
  assert.equal((await adapter.runtime.runtimeStatus({})).status, 0);
  await assert.rejects(adapter.load('third', 'sklearn', 'digits.joblib'), {
    details: /^Failed to load Model due to MLServer runtime error: /,
  });
  mlserver = await startMlserver();
  await adapter.untilReady();
  assert.deepEqual(readdirSync(adapted), []);
  await waitFor(() => adapter.load('third', 'sklearn', 'digits.joblib'), { timeoutMs: 10_000, what: 'the next load' });
  assert.equal(await predict('third'), 8n);
});
