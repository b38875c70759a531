import { ModelRuntimeDefinition, RuntimeStatusNumber } from '@meshkeeper/modelmesh';
import { createRegistry } from '@meshkeeper/metrics';
import { createMetrics } from '../src/metrics/metrics.ts';
import { serveUnary } from '../src/server/unary-service.ts';
import { startGrpcServer, type Reply, type ServerCall } from '@meshkeeper/grpc';

/** A model server within the test, for what no path can say: loads are immediate, and inference is the test's own. */
export type OwnRuntime = {
  /** For an instance that is to stand beside it. */
  readonly env: Readonly<Record<string, string>>;
  /** Ids, in the order in which they were loaded and unloaded. */
  readonly loads: readonly string[];
  readonly unloads: readonly string[];
  stop(): Promise<void>;
};

export type OwnRuntimeOptions = {
  readonly infer: (call: ServerCall) => Promise<Reply>;
  /** What it throws is what an unload fails with. */
  readonly unload?: (modelId: string) => void;
};

const STATUS = {
  status: RuntimeStatusNumber.READY,
  capacityInBytes: 2n ** 30n,
  maxLoadingConcurrency: 6,
  modelLoadingTimeoutMs: 90_000,
  defaultModelSizeInBytes: 2n ** 20n,
};

export async function startOwnRuntime({ infer, unload }: OwnRuntimeOptions): Promise<OwnRuntime> {
  const [loads, unloads]: [string[], string[]] = [[], []];
  const methods = {
    runtimeStatus: async () => STATUS,
    loadModel: async ({ modelId }: { readonly modelId: string }) => {
      loads.push(modelId);
      return { sizeInBytes: 8_192n };
    },
    unloadModel: async ({ modelId }: { readonly modelId: string }) => {
      unloads.push(modelId);
      unload?.(modelId);
      return {};
    },
    modelSize: async () => ({ sizeInBytes: 8_192n }),
    predictModelSize: async () => ({ sizeInBytes: 8_192n }),
  };
  const manage = serveUnary(ModelRuntimeDefinition, methods, createMetrics(createRegistry()));
  const server = await startGrpcServer({
    on: { host: '127.0.0.1', port: 0 },
    handle: (call) => manage(call) ?? infer(call),
    maxMessageBytes: 16 * 1_048_576,
    maxHeaderBytes: 8_192,
  });
  const port = server.address.split(':').at(-1) ?? '';
  return { env: { INTERNAL_GRPC_PORT: port }, loads, unloads, stop: () => server.stop(0) };
}
