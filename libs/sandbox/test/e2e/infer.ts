import { openChannel, valueOf } from '@meshkeeper/grpc';

/** By which pod's model server a call was answered, and under which id of the model. */
export type Inferred = { readonly servedBy: string | undefined; readonly servedModel: string | undefined };

const LIMITS = { maxMessageBytes: 1_048_576, connectTimeoutMs: 5_000 };

/** One ModelInfer of the V2 protocol, whose message names the model: field 1. @throws RpcError */
export async function infer(host: string, vModelId: string): Promise<Inferred> {
  const channel = openChannel({ host, port: 8033 }, LIMITS);
  const message = Buffer.concat([Buffer.from([10, vModelId.length]), Buffer.from(vModelId)]);
  try {
    const { headers } = await channel.call({ path: '/inference.GRPCInferenceService/ModelInfer', message });
    return { servedBy: valueOf(headers, 'served-by'), servedModel: valueOf(headers, 'served-model') };
  } finally {
    channel.close();
  }
}
