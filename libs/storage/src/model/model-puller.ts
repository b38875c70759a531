import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeFolder } from '../files/model-folder.ts';
import { isSafeName } from '../files/safe-path.ts';
import type { PullTarget } from '../provider.ts';
import { StorageError } from '../storage-error.ts';
import type { Storage } from '../storage.ts';
import { measure } from './measure.ts';
import { localNames, parseModelKey, runtimeKey } from './model-key.ts';
import { readStorageConfig } from './storage-config.ts';

/** A model as the mesh names it. */
export type ModelToPull = {
  readonly modelId: string;
  readonly modelType: string;
  /** Inside its storage. */
  readonly modelPath: string;
  /** JSON, as the controller wrote it. */
  readonly modelKey: string;
};

/** The same model as a runtime on this machine can load it. */
export type PulledModel = {
  readonly modelId: string;
  readonly modelType: string;
  /** Absolute, on this machine. */
  readonly modelPath: string;
  /** JSON without storage, with `disk_size_bytes` (0 when the model could not be measured) and a local `schema_path`. */
  readonly modelKey: string;
};

export type ModelPuller = {
  /**
   * Fetches a model into a folder of its own. Pulls of different models may run concurrently, those of one must not.
   * @throws ModelKeyError when its key or storage cannot be used, StorageError when the pull fails; its folder is then gone.
   */
  pull(model: ModelToPull, signal: AbortSignal): Promise<PulledModel>;
  /** Removes a model's folder; it need not be there. @throws StorageError UnsafePath when the id names no folder. */
  remove(modelId: string): Promise<void>;
  /** The ids of all models that have a folder. Names that begin with `_` are the adapters' own. */
  present(): Promise<readonly string[]>;
};

export type ModelPullerOptions = {
  /** `/models` */
  readonly root: string;
  /** The mounted storage Secret, one file for each key. */
  readonly configDir: string;
  readonly storage: Storage;
};

const PREFIX = 'Failed to pull model from storage due to error: ';

export function createModelPuller(options: ModelPullerOptions): ModelPuller {
  const root = resolve(options.root);
  return {
    pull: (model, signal) => pullModel({ ...options, root }, model, signal),
    remove: async (modelId) => removeFolder(modelFolder(root, modelId)),
    present: async () => {
      const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      return names.filter((name) => !name.startsWith('_'));
    },
  };
}

async function pullModel(options: ModelPullerOptions, model: ModelToPull, signal: AbortSignal): Promise<PulledModel> {
  const folder = modelFolder(options.root, model.modelId);
  // 1. Read the key.
  const key = parseModelKey(model.modelKey);
  // 2. to 5. Find the storage, and put the model's own parameters into it.
  const config = await readStorageConfig(options.configDir, key);
  // 6. Name what is fetched.
  const names = localNames(model.modelPath, key.schemaPath);
  const targets: PullTarget[] = [{ path: model.modelPath, localName: names.model }];
  if (key.schemaPath !== undefined && names.schema !== undefined) {
    targets.push({ path: key.schemaPath, localName: names.schema });
  }
  // 7. Fetch it.
  await options.storage.pull({ config, targets, folder, signal }).catch((error: unknown) => {
    throw withPrefix(error);
  });
  // 8. Measure it, and write the key for the runtime.
  const modelPath = join(folder, names.model);
  const bytes = await measure(modelPath).catch(() => 0);
  const schemaPath = names.schema === undefined ? undefined : join(folder, names.schema);
  const { modelId, modelType } = model;
  return { modelId, modelType, modelPath, modelKey: runtimeKey(key, { schemaPath, bytes }) };
}

function withPrefix(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  return new StorageError(error.reason, `${PREFIX}${error.message}`, { cause: error.cause });
}

/** The folder of a model below the root of all. @throws StorageError UnsafePath when the id cannot be its name */
export function modelFolder(root: string, modelId: string): string {
  // `_` begins the names of the adapters' own folders, which hold what other models are served from.
  if (isSafeName(modelId) && !modelId.startsWith('_')) return join(root, modelId);
  throw new StorageError('UnsafePath', `the model id '${modelId}' cannot be the name of a model's folder`);
}
