import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { adaptedModels } from '../layout/adapted-models.ts';
import { V2_METHODS, type ModelServer, type LocalModel } from '../adapter/model-server.ts';
import type { AdapterSettings } from '../adapter/settings.ts';
import { configApi } from './config-api.ts';
import { modelListText, readModelList } from './model-list.ts';
import { createReloader } from './reloader.ts';
import { entriesOf, isFolder, link } from '../layout/model-files.ts';
import { largestVersion } from '../layout/versions.ts';

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

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration as Go writes it, with one unit: `100ms`, `3s`. @throws Error naming the variable */
export function milliseconds(variable: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${variable}: must be a duration such as 100ms or 3s, not ${text}`);
  return Number(number) * (UNITS[unit] ?? 1);
}

/** Lays a model out as `<target>/<version>/…`. A schema is of no use to this server. */
export async function layOutForOvms({ path, type }: LocalModel, target: string): Promise<void> {
  if (!(await isFolder(path))) return link(path, join(target, '1', type === 'onnx' ? 'model.onnx' : basename(path)));
  const folders = (await entriesOf(path)).filter((entry) => entry.isFolder).map(({ name }) => name);
  const version = largestVersion(folders);
  await link(version === undefined ? path : join(path, version), join(target, version ?? '1'));
}
