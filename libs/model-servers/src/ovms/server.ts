import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { adaptedModels } from '../layout/adapted-models.ts';
import { milliseconds } from '../adapter/milliseconds.ts';
import { V2_METHODS, type ModelServer } from '../adapter/model-server.ts';
import type { AdapterSettings } from '../adapter/settings.ts';
import { configApi } from './config-api.ts';
import { layOutForOvms } from './layout.ts';
import { modelListText, readModelList } from './model-list.ts';
import { createReloader } from './reloader.ts';

const FOLDER = '_ovms_models';

/** @throws Error for a duration that cannot be read */
export function createOvms(settings: AdapterSettings): ModelServer {
  const adapted = adaptedModels(join(settings.ROOT_MODEL_DIR, FOLDER));
  const { MODEL_CONFIG_FILE: file, POD_LOCALHOST: host, RUNTIME_PORT: port } = settings;
  mkdirSync(dirname(file), { recursive: true });
  // The server does not start without a list.
  if (!existsSync(file)) writeFileSync(file, modelListText(new Map()), { mode: 0o644 });
  const api = configApi(`http://${host}:${port}`, milliseconds('OVMS_RELOAD_TIMEOUT', settings.OVMS_RELOAD_TIMEOUT));
  const reloader = createReloader({
    api,
    file,
    initial: readModelList(file),
    loadWaitMs: milliseconds('BATCH_WAIT_TIME_MIN', settings.BATCH_WAIT_TIME_MIN),
    unloadWaitMs: milliseconds('BATCH_WAIT_TIME_MAX', settings.BATCH_WAIT_TIME_MAX),
  });
  return {
    name: 'OVMS',
    folder: FOLDER,
    keep: [basename(file)],
    methodInfos: { 'tensorflow.serving.PredictionService/Predict': { idInjectionPath: [1, 1] }, ...V2_METHODS },
    adapt: async (model) => layOutForOvms(model, await adapted.clear(model.id)),
    load: (id) => reloader.load(id, adapted.folderOf(id)),
    unload: async (id) => reloader.unload(id),
    discard: (id) => adapted.discard(id),
    ready: () =>
      api.read().then(
        () => ({}),
        () => undefined,
      ),
    purge: () => reloader.purge(),
    stop: async () => reloader.stop(),
  };
}
