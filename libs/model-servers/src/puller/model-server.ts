import { connectivityState } from '@grpc/grpc-js';
import { createChannel, createClient, type Client, type ClientError } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { ModelRuntimeDefinition } from '@meshkeeper/modelmesh';

/** The model server behind the puller. */
export type ModelServer = Pick<
  Client<typeof ModelRuntimeDefinition>,
  'loadModel' | 'predictModelSize' | 'modelSize' | 'runtimeStatus'
> & {
  /** That it has no such model is no failure. @throws ClientError */
  unload(id: string): Promise<void>;
  stop(): Promise<void>;
};

const DIAL_MS = 3_000;

/** @throws Error when the server does not take a connection within 3 s */
export async function connectModelServer(address: string): Promise<ModelServer> {
  const channel = createChannel(address, undefined, { 'grpc.max_reconnect_backoff_ms': 1_000 });
  await untilConnected(channel, address);
  const client = createClient(ModelRuntimeDefinition, channel);
  return {
    loadModel: client.loadModel,
    predictModelSize: client.predictModelSize,
    modelSize: client.modelSize,
    runtimeStatus: client.runtimeStatus,
    unload: async (modelId) => {
      await client.unloadModel({ modelId }).catch((error: unknown) => {
        if ((error as ClientError).code !== Status.NOT_FOUND) throw error;
      });
    },
    stop: async () => channel.close(),
  };
}

async function untilConnected(channel: ReturnType<typeof createChannel>, address: string): Promise<void> {
  const deadline = Date.now() + DIAL_MS;
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return;
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    channel.watchConnectivityState(state, deadline, resolve);
    if ((await promise) === undefined) continue;
    channel.close();
    throw new Error(`The model server at ${address} did not take a connection within ${DIAL_MS / 1_000} s`);
  }
}
