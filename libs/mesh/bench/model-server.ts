import { ModelRuntimeDefinition, RuntimeStatusNumber } from '@meshkeeper/modelmesh';
import { startGrpcServer } from '@meshkeeper/grpc';

const { runtimeStatus, loadModel } = ModelRuntimeDefinition.methods;
const MODEL_BYTES = 65_536;

/** Loads any model immediately, and echoes every other call. The address is `host:port`. */
export async function startModelServer(): Promise<string> {
  const ready = runtimeStatus.responseType.fromPartial({
    status: RuntimeStatusNumber.READY,
    capacityInBytes: 64n * 1_073_741_824n,
    defaultModelSizeInBytes: BigInt(MODEL_BYTES),
    maxLoadingConcurrency: 8,
    modelLoadingTimeoutMs: 90_000,
    runtimeVersion: 'bench',
    allowAnyMethod: true,
  });
  const loaded = loadModel.responseType.fromPartial({ sizeInBytes: BigInt(MODEL_BYTES) });
  const answers = new Map([
    ['/mmesh.ModelRuntime/runtimeStatus', Buffer.from(runtimeStatus.responseType.encode(ready).finish())],
    ['/mmesh.ModelRuntime/loadModel', Buffer.from(loadModel.responseType.encode(loaded).finish())],
    ['/mmesh.ModelRuntime/predictModelSize', Buffer.from(loadModel.responseType.encode(loaded).finish())],
  ]);
  const server = await startGrpcServer({
    on: { host: '127.0.0.1', port: 0 },
    maxMessageBytes: 16 * 1_048_576,
    maxHeaderBytes: 16_384,
    handle: ({ path, message }) => Promise.resolve({ message: answers.get(path) ?? message }),
  });
  return server.address;
}
