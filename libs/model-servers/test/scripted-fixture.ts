import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as RawClient, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { createChannel, createClient, type Client } from 'nice-grpc';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { freePort, startProcess, type ManagedProcess } from '@meshkeeper/sandbox';

export type Inference = { readonly bytes: string; readonly metadata: Readonly<Record<string, unknown>> };

export type Scripted = {
  readonly process: ManagedProcess;
  readonly api: Client<typeof ModelRuntimeDefinition>;
  load(modelId: string, modelPath: string, signal?: AbortSignal): Promise<number>;
  /** @throws ServiceError of grpc-js */
  infer(method: string, headers: Readonly<Record<string, string>>, bytes?: string): Promise<Inference>;
  control(call: string): Promise<unknown>;
  stop(): Promise<void>;
};

const MAIN = join(import.meta.dirname, '../../../apps/scripted-runtime/src/main.ts');

/** The real program on ports, or with `unix` on sockets of its own for each endpoint. */
export async function startScriptedRuntime(
  env: Readonly<Record<string, string>> = {},
  transport: 'tcp' | 'unix' = 'tcp',
): Promise<Scripted> {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
  const [port, controlPort] = [await freePort(), await freePort()];
  const sockets = {
    RUNTIME_ENDPOINT: `unix://${folder}/grpc.sock`,
    RUNTIME_DATA_ENDPOINT: `unix://${folder}/data.sock`,
  };
  const endpoints = transport === 'unix' ? sockets : { RUNTIME_ENDPOINT: `port:${port}` };
  const control = async (call: string) => {
    const [method = '', path = ''] = call.split(' ');
    return (await fetch(`http://127.0.0.1:${controlPort}${path}`, { method })).json();
  };
  const process = await startProcess({
    name: 'scripted-runtime',
    command: globalThis.process.execPath,
    args: [MAIN],
    env: { RUNTIME_INSTANCE: '5d8f6b-mm001', CONTROL_PORT: String(controlPort), ...endpoints, ...env },
    logFile: join(folder, 'log'),
    ready: async () => (await control('GET /models')) !== undefined,
    ports: [controlPort],
    readyTimeoutMs: 15_000,
  });
  const address = `127.0.0.1:${port}`;
  const channel = createChannel(transport === 'unix' ? sockets.RUNTIME_ENDPOINT : address, undefined, OPTIONS);
  const api = createClient(ModelRuntimeDefinition, channel);
  const data = new RawClient(
    transport === 'unix' ? sockets.RUNTIME_DATA_ENDPOINT : address,
    credentials.createInsecure(),
    OPTIONS,
  );
  return {
    process,
    api,
    control,
    load: async (modelId, modelPath, signal) => {
      const options = signal === undefined ? {} : { signal };
      return Number((await api.loadModel({ modelId, modelPath, modelType: 'mt:x' }, options)).sizeInBytes);
    },
    infer: (method, headers, bytes = 'abc') => infer(data, method, headers, bytes),
    stop: async () => {
      channel.close();
      data.close();
      await process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const OPTIONS = { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': 16 * 1024 * 1024 };
const asIs = (bytes: Buffer) => bytes;

function infer(client: RawClient, method: string, headers: Readonly<Record<string, string>>, bytes: string) {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, name.endsWith('-bin') ? Buffer.from(value) : value);
  }
  const { promise, resolve, reject } = Promise.withResolvers<Inference>();
  let received: Readonly<Record<string, unknown>> = {};
  const call = client.makeUnaryRequest(
    `/${method}`,
    asIs,
    asIs,
    Buffer.from(bytes),
    metadata,
    (error: ServiceError | null, answer?: Buffer) => {
      if (error === null) resolve({ bytes: String(answer), metadata: received });
      else reject(error);
    },
  );
  call.on('metadata', (headers: Metadata) => (received = headers.getMap()));
  return promise;
}

/** The gRPC error of a call as `CODE text`. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    ({ code, details }: { readonly code: number; readonly details: string }) => `${CODES[code] ?? code} ${details}`,
  );
}

const CODES: Readonly<Record<number, string>> = {
  3: 'INVALID_ARGUMENT',
  5: 'NOT_FOUND',
  12: 'UNIMPLEMENTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
};
