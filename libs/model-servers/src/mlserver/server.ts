import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Status } from 'nice-grpc-common';
import { adaptedModels } from '../layout/adapted-models.ts';
import { V2_METHODS, type ModelServer } from '../adapter/model-server.ts';
import { connectRepository } from '../adapter/repository-server.ts';
import type { AdapterSettings } from '../adapter/settings.ts';
import { layOutForMlserver } from './layout.ts';

const FOLDER = '_mlserver_models';

export function createMlserver(settings: AdapterSettings): ModelServer {
  const adapted = adaptedModels(join(settings.ROOT_MODEL_DIR, FOLDER));
  // The server exits immediately if the folder that it is to read does not exist.
  mkdirSync(adapted.root, { recursive: true });
  const address = `${settings.POD_LOCALHOST}:${settings.RUNTIME_PORT}`;
  const notLoaded = [Status.NOT_FOUND, Status.INVALID_ARGUMENT];
  const repository = connectRepository({ address, notLoaded });
  return {
    ...repository,
    name: 'MLServer',
    folder: FOLDER,
    methodInfos: V2_METHODS,
    adapt: async (model) => layOutForMlserver(model, await adapted.clear(model.id)),
    discard: (id) => adapted.discard(id),
    ready: async () => {
      if (!(await repository.isReady())) return undefined;
      const version = await repository.version().catch(() => undefined);
      return version === undefined ? undefined : { version };
    },
  };
}
