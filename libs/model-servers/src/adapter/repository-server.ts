import { createChannel, createClient, type ClientError } from 'nice-grpc';
import type { Status } from 'nice-grpc-common';
import { GRPCInferenceServiceDefinition } from '@meshkeeper/open-inference';
import type { ModelServer } from './model-server.ts';

/** The calls by which Triton and MLServer load models from a folder that they know. */
export type RepositoryServer = Pick<ModelServer, 'load' | 'unload' | 'purge' | 'stop'> & {
  /** False while the server does not answer, or says no. Never rejects. */
  isReady(): Promise<boolean>;
  /** @throws ClientError */
  version(): Promise<string>;
};

export type RepositoryOptions = {
  /** `host:port` */
  readonly address: string;
  /** Answers to an unload that say that there was nothing to unload. */
  readonly notLoaded: readonly Status[];
};

/** A server that hangs is one that is not ready. */
const QUESTION_MS = 5_000;

export function connectRepository({ address, notLoaded }: RepositoryOptions): RepositoryServer {
  const channel = createChannel(address, undefined, { 'grpc.max_reconnect_backoff_ms': 1_000 });
  const client = createClient(GRPCInferenceServiceDefinition, channel);
  const soon = () => ({ signal: AbortSignal.timeout(QUESTION_MS) });
  const unload = async (id: string): Promise<void> => {
    await client.repositoryModelUnload({ modelName: id }).catch((error: unknown) => {
      if (!notLoaded.includes((error as ClientError).code)) throw error;
    });
  };
  return {
    load: async (id, signal) => void (await client.repositoryModelLoad({ modelName: id }, { signal })),
    unload,
    purge: async () => {
      const { models } = await client.repositoryIndex({ ready: true }, soon());
      await Promise.all(models.map(({ name }) => unload(name)));
    },
    isReady: async () => (await client.serverReady({}, soon()).catch(() => undefined))?.ready === true,
    version: async () => (await client.serverMetadata({}, soon())).version,
    stop: async () => channel.close(),
  };
}
