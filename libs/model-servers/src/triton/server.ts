import { join } from 'node:path';
import { Status } from 'nice-grpc-common';
import { adaptedModels } from '../layout/adapted-models.ts';
import { V2_METHODS, type ModelServer } from '../adapter/model-server.ts';
import { connectRepository } from '../adapter/repository-server.ts';
import type { AdapterSettings } from '../adapter/settings.ts';
import { layOutForTriton } from './layout.ts';

const FOLDER = '_triton_models';

export function createTriton(settings: AdapterSettings): ModelServer {
  const adapted = adaptedModels(join(settings.ROOT_MODEL_DIR, FOLDER));
  const address = `${settings.POD_LOCALHOST}:${settings.RUNTIME_PORT}`;
  const repository = connectRepository({ address, notLoaded: [Status.NOT_FOUND] });
  return {
    ...repository,
    name: 'Triton',
    folder: FOLDER,
    methodInfos: V2_METHODS,
    adapt: async (model) => layOutForTriton(model, await adapted.clear(model.id), settings.KERAS_CONVERTER),
    discard: (id) => adapted.discard(id),
    ready: async () => {
      if (!(await repository.isReady())) return undefined;
      // A server that does not say its version serves no worse; the configured one stands.
      const version = await repository.version().catch(() => '');
      return version === '' ? {} : { version };
    },
  };
}
