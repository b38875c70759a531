import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort, startProcess, type ManagedProcess } from '@meshkeeper/sandbox';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';
import { GRPCInferenceServiceDefinition } from '@meshkeeper/open-inference';
import { createChannel, createClient, type Channel, type Client } from 'nice-grpc';

/** The server of ONNX models, as a process of its own for the tests of a file. */
class OnnxFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  server!: ManagedProcess;
  channel!: Channel;
  runtime!: Client<typeof ModelRuntimeDefinition>;
  inference!: Client<typeof GRPCInferenceServiceDefinition>;

  async start(): Promise<void> {
    const port = await freePort();
    this.channel = createChannel(`127.0.0.1:${port}`);
    this.runtime = createClient(ModelRuntimeDefinition, this.channel);
    this.inference = createClient(GRPCInferenceServiceDefinition, this.channel);
    this.server = await startProcess({
      name: 'onnx-runtime',
      command: process.execPath,
      args: [join(import.meta.dirname, '../../../apps/onnx-runtime/src/main.ts')],
      env: { RUNTIME_ENDPOINT: `port:${port}`, POD_LOCALHOST: '127.0.0.1', CAPACITY_BYTES: '536870912' },
      logFile: join(this.folder, 'log'),
      ready: async () => (await this.inference.serverReady({})).ready,
      ports: [port],
      readyTimeoutMs: 15_000,
    });
  }

  async stop(): Promise<void> {
    this.channel.close();
    await this.server.stop();
    assert.equal(await this.server.exited, 'code 0');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes a file of the fixture's folder, and returns its path. */
  write(path: string, bytes: Buffer | string): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    return file;
  }

  load(modelId: string, modelPath: string, key: object = {}): ReturnType<typeof this.runtime.loadModel> {
    const modelKey = JSON.stringify({ model_type: { name: 'onnx' }, ...key });
    return this.runtime.loadModel({ modelId, modelPath, modelType: 'rt:onnx', modelKey });
  }
}

export function useOnnxRuntime(): OnnxFixture {
  const onnx = new OnnxFixture();
  beforeAll(() => onnx.start());
  afterAll(() => onnx.stop());
  return onnx;
}

/** @throws AssertionError unless the call fails with this code and these words */
export async function refused(call: Promise<unknown>, code: number, details: RegExp): Promise<void> {
  await assert.rejects(call, (error: { readonly code: number; readonly details: string }) => {
    assert.match(error.details, details);
    assert.equal(error.code, code);
    return true;
  });
}
