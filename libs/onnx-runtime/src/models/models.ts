import { ServerError, Status } from 'nice-grpc-common';
import type { Session, SessionPool } from '../sessions/session-pool.ts';
import { findModelFile, readSchemaFile } from './model-file.ts';
import { schemaDifference, schemaPathOf } from './schema.ts';

export type LoadRequest = { readonly modelId: string; readonly modelPath: string; readonly modelKey: string };

/** The models of this server. */
export type Models = {
  /** Gives the bytes that the model takes in memory. @throws ServerError with one sentence that names the file; nothing is kept then */
  load(request: LoadRequest, signal: AbortSignal): Promise<number>;
  /** Waits for calls that run. Not to have the model is success. */
  unload(modelId: string): Promise<void>;
  unloadAll(): Promise<void>;
  /** Calls `use` with the model, which stays until that is done. @throws ServerError NOT_FOUND */
  use<T>(modelId: string, use: (session: Session) => Promise<T>): Promise<T>;
};

type Loaded = { readonly session: Session; readonly bytes: number; readonly running: Set<Promise<unknown>> };

export type ModelsOptions = { readonly sizeMultiplier: number };

/** What a session takes for itself, as was measured: of small models it is the most. */
const LEAST_BYTES = 128 * 1024;

export function createModels(pool: SessionPool, { sizeMultiplier }: ModelsOptions): Models {
  const loaded = new Map<string, Loaded>();
  /** The last load or unload of each model: they come one after another. */
  const lanes = new Map<string, Promise<unknown>>();
  const inLane = <T>(modelId: string, work: () => Promise<T>): Promise<T> => {
    const done = (lanes.get(modelId) ?? Promise.resolve()).catch(() => undefined).then(work);
    lanes.set(modelId, done);
    const leave = (): void => void (lanes.get(modelId) === done && lanes.delete(modelId));
    done.then(leave, leave);
    return done;
  };
  const unload = async (modelId: string): Promise<void> => {
    const model = loaded.get(modelId);
    if (model === undefined) return;
    loaded.delete(modelId);
    await Promise.allSettled(model.running);
    await model.session.release();
  };
  return {
    load: (request, signal) =>
      inLane(request.modelId, async () => {
        const known = loaded.get(request.modelId);
        if (known !== undefined) return known.bytes;
        const { session, fileBytes } = await loadSession(pool, request, signal);
        const bytes = Math.max(LEAST_BYTES, Math.trunc(fileBytes * sizeMultiplier));
        loaded.set(request.modelId, { session, bytes, running: new Set() });
        return bytes;
      }),
    unload: (modelId) => inLane(modelId, () => unload(modelId)),
    unloadAll: async () => {
      await Promise.all([...new Set([...loaded.keys(), ...lanes.keys()])].map((id) => inLane(id, () => unload(id))));
    },
    use: async (modelId, use) => {
      const model = loaded.get(modelId);
      if (model === undefined) throw new ServerError(Status.NOT_FOUND, `Model '${modelId}' is not loaded`);
      const running = use(model.session);
      model.running.add(running);
      return running.finally(() => model.running.delete(running));
    },
  };
}

async function loadSession(pool: SessionPool, { modelPath, modelKey }: LoadRequest, signal: AbortSignal) {
  const schemaPath = withPath(modelPath, () => schemaPathOf(modelKey));
  const { file, bytes } = await findModelFile(modelPath);
  signal.throwIfAborted();
  const session = await pool.load(file).catch((error: unknown) => {
    throw new ServerError(Status.INTERNAL, `Failed to load ONNX model: ${causeOf(error, file)}`);
  });
  try {
    signal.throwIfAborted();
    const schema = schemaPath === undefined ? undefined : await readSchemaFile(schemaPath);
    const difference = schema === undefined ? undefined : schemaDifference(schema, session);
    if (difference !== undefined) throw refusal(file, difference);
    return { session, fileBytes: bytes };
  } catch (error) {
    await session.release();
    throw error;
  }
}

function withPath<T>(path: string, from: () => T): T {
  try {
    return from();
  } catch (error) {
    throw refusal(path, (error as Error).message);
  }
}

function refusal(path: string, reason: string): ServerError {
  return new ServerError(Status.INVALID_ARGUMENT, `Failed to load ONNX model: ${path}: ${reason}`);
}

/** One line, with the file's name in it. */
function causeOf(error: unknown, file: string): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
  return message.includes(file) ? message : `${file}: ${message}`;
}
