import { ServerError, Status } from 'nice-grpc-common';
import type { ConfigApi, ModelStatuses } from './config-api.ts';
import { writeModelList, type ModelList } from './model-list.ts';

export type ReloaderOptions = {
  readonly api: ConfigApi;
  readonly file: string;
  /** What an earlier life left. */
  readonly initial: ModelList;
  /** How long loads gather, and unloads alone. */
  readonly loadWaitMs: number;
  readonly unloadWaitMs: number;
};

/** This server knows its models by one list, which it reads as a whole: what comes together goes in one reload. */
export type Reloader = {
  /** Answers when the model serves. @throws ServerError */
  readonly load: (id: string, folder: string) => Promise<void>;
  /** The server hears of it with the next reload. */
  readonly unload: (id: string) => void;
  /** Empties the list immediately. @throws Error when the server does not follow */
  readonly purge: () => Promise<void>;
  readonly stop: () => void;
};

type Waiting = PromiseWithResolvers<void>;

export function createReloader(options: ReloaderOptions): Reloader {
  const { api, file } = options;
  const models = new Map(options.initial);
  const waiting = new Map<string, Waiting>();
  let armed: { readonly timer: NodeJS.Timeout; readonly forLoads: boolean } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work, work);
    turn = done.catch(() => undefined);
    return done;
  };
  const arm = (forLoads: boolean): void => {
    if (armed !== undefined && (armed.forLoads || !forLoads)) return;
    clearTimeout(armed?.timer);
    const fire = (): void => {
      armed = undefined;
      void inTurn(reloadBatch);
    };
    armed = { timer: setTimeout(fire, forLoads ? options.loadWaitMs : options.unloadWaitMs), forLoads };
  };
  const abort = (id: string, reason: string): void => {
    waiting.get(id)?.reject(new ServerError(Status.ABORTED, `Aborting due to ${reason}`));
    waiting.delete(id);
  };
  const reload = (): Promise<ModelStatuses> => writeModelList(file, models).then(() => api.reload());
  const reloadBatch = async (): Promise<void> => {
    // Taken as a whole before the list is written: what comes from now on goes with the next one.
    const batch = [...waiting];
    const answered = await reload().catch((error: unknown) => failed(error));
    const current = batch.filter(([id, load]) => waiting.get(id) === load);
    for (const [id, load] of current) {
      waiting.delete(id);
      if (!settle(load, answered instanceof ServerError ? answered : problemOf(answered[id]))) models.delete(id);
    }
  };
  return {
    load: (id, folder) => {
      abort(id, 'concurrent load request');
      const load = Promise.withResolvers<void>();
      models.set(id, folder);
      waiting.set(id, load);
      arm(true);
      return load.promise;
    },
    unload: (id) => {
      abort(id, 'subsequent unload request');
      if (models.delete(id)) arm(false);
    },
    purge: () =>
      inTurn(async () => {
        for (const id of waiting.keys()) abort(id, 'subsequent unload request');
        models.clear();
        await reload();
      }),
    stop: () => clearTimeout(armed?.timer),
  };
}

/** Settles a load; false when it failed. */
function settle(load: Waiting, problem: ServerError | undefined): boolean {
  if (problem === undefined) load.resolve();
  else load.reject(problem);
  return problem === undefined;
}

function failed(error: unknown): ServerError {
  return new ServerError(Status.INTERNAL, `OVMS could not read its list of models again: ${(error as Error).message}`);
}

/** Undefined for a model that serves. */
function problemOf(status: ModelStatuses[string] | undefined): ServerError | undefined {
  const [version] = status?.model_version_status ?? [];
  if (version === undefined)
    return new ServerError(Status.INTERNAL, 'Expected model to load, but no status entry found in the config');
  if (version.state === 'AVAILABLE') return undefined;
  const { error_code: code, error_message: reason } = version.status ?? { error_code: 'UNKNOWN', error_message: '' };
  return new ServerError(Status.UNKNOWN, `OVMS model load failed. code: '${code}' reason: '${reason}'`);
}
