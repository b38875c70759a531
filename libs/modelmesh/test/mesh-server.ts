import { ServerCredentials } from '@grpc/grpc-js';
import { createServer, ServerError, Status, type Server } from 'nice-grpc';
import type { Certificate } from '@meshkeeper/sandbox';
import { ModelMeshDefinition, type ModelMeshServiceImplementation } from '../src/index.ts';

/** A mesh whose vmodel ids say what it answers. */
function answering(name: string): ModelMeshServiceImplementation {
  const answer = async (vModelId: string) => {
    const code = Status[vModelId as keyof typeof Status];
    if (code !== undefined) throw new ServerError(code, `failed ${vModelId}`);
    if (vModelId === 'hang') await new Promise(() => undefined);
    return {
      status: 3,
      owner: name,
      activeModelId: 'a',
      targetModelId: 't',
      activeModelStatus: { status: 3, modelCopyInfos: [{ location: 'i', copyStatus: 5, time: 7n }] },
      targetModelStatus: { status: 77, errors: ['e'] },
    } as const;
  };
  const unused = async () => ({});
  return {
    registerModel: unused,
    unregisterModel: unused,
    getModelStatus: unused,
    ensureLoaded: unused,
    deleteVModel: async ({ vModelId }) => {
      await answer(vModelId);
      return {};
    },
    setVModel: ({ vModelId }) => answer(vModelId) as never,
    getVModelStatus: ({ vModelId }) => answer(vModelId) as never,
  };
}

export type MeshServer = { readonly server: Server; readonly endpoint: string };
/** The certificate of the server and the clients that it accepts: none without a certificate. */
export type MutualTls = { readonly own: Certificate; readonly clients: string };

/** In plaintext when `tls` is not given. */
export async function startMesh(name: string, tls?: MutualTls): Promise<MeshServer> {
  const server = createServer();
  server.add(ModelMeshDefinition, answering(name));
  const bound = await server.listen('127.0.0.1:0', tls && mutual(tls));
  return { server, endpoint: `127.0.0.1:${bound}` };
}

function mutual({ own, clients }: MutualTls): ServerCredentials {
  const pair = { cert_chain: Buffer.from(own.certificate), private_key: Buffer.from(own.key) };
  return ServerCredentials.createSsl(Buffer.from(clients), [pair], true);
}
