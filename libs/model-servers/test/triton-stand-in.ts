import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, ServerError, Status } from 'nice-grpc';
import { GRPCInferenceServiceDefinition, type GRPCInferenceServiceImplementation } from '@meshkeeper/open-inference';

/** Plays Triton's repository calls, as its public protocol has them, over a real folder of models. */
export async function startTritonStandIn(repository: string) {
  const loaded = new Set<string>();
  const calls: string[] = [];
  const behaviour = { ready: true, metadata: true };
  const missing = (name: string): never => {
    throw new ServerError(Status.NOT_FOUND, `failed to load '${name}', failed to poll from model repository`);
  };
  const unused = (): never => {
    throw new ServerError(Status.UNIMPLEMENTED, 'the adapter does not call this');
  };
  const service: GRPCInferenceServiceImplementation = {
    serverLive: unused,
    modelReady: unused,
    modelMetadata: unused,
    modelInfer: unused,
    serverReady: async () => ({ ready: behaviour.ready }),
    serverMetadata: async () => {
      if (!behaviour.metadata) throw new ServerError(Status.INTERNAL, 'no metadata');
      return { name: 'triton', version: '2.33.0' };
    },
    repositoryIndex: async ({ ready }) => {
      calls.push(`index ready=${ready}`);
      return { models: [...loaded].map((name) => ({ name, version: '1', state: 'READY' })) };
    },
    repositoryModelLoad: async ({ modelName, repositoryName }) => {
      calls.push(`load ${modelName}${repositoryName}`);
      const folder = join(repository, modelName);
      const versions = versionsOf(folder) ?? missing(modelName);
      const [file] = readdirSync(join(folder, versions[0] ?? missing(modelName)));
      const content = readFileSync(realpathSync(join(folder, versions[0] ?? '', file ?? '')), 'utf8');
      if (content === 'broken')
        throw new ServerError(Status.INTERNAL, `failed to load '${modelName}', no version is available`);
      loaded.add(modelName);
      return {};
    },
    repositoryModelUnload: async ({ modelName }) => {
      calls.push(`unload ${modelName}`);
      if (!loaded.delete(modelName)) throw new ServerError(Status.NOT_FOUND, 'unknown model');
      return {};
    },
  };
  const server = createServer();
  server.add(GRPCInferenceServiceDefinition, service);
  const port = await server.listen('127.0.0.1:0');
  return { port, calls, loaded, behaviour, stop: async () => server.forceShutdown() };
}

function versionsOf(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
}
