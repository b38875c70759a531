import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '@meshkeeper/grpc';
import { scriptOf, type LoadTrouble, type Script } from './script.ts';

type Loaded = { readonly script: Script; answered: number };

/** The models of this server, which behave as their paths say. Every failure throws RpcError. */
export type Models = {
  /** What is loaded stays as it is. */
  load(id: string, path: string, signal: AbortSignal): Promise<{ readonly sizeBytes: number }>;
  unload(id: string): Promise<void>;
  sizeOf(id: string): number;
  /** Answers when inference of the model may answer. */
  serve(id: string): Promise<void>;
  /** Loses the model without a word to anybody; false when it is not loaded. */
  forget(id: string): boolean;
  purge(): void;
  /** From now on `FAIL_…` fails no longer. */
  fix(): void;
  loaded(): readonly { readonly id: string; readonly sizeBytes: number }[];
  /** `load a`, `unload a` and `cancelled a`, in the order in which they came. */
  calls(): readonly string[];
};

/** What is remembered of an id although it is not loaded. */
type Past = { loads: number; unloads: number; lost: boolean };

/** As long as a timer goes. */
const ENDLESS_MS = 2 ** 31 - 1;

export function createModels(instance: string, crash: () => never): Models {
  const models = new Map<string, Loaded>();
  const pasts = new Map<string, Past>();
  const calls: string[] = [];
  let fixed = false;
  const pastOf = (id: string): Past => {
    const past = pasts.get(id) ?? { loads: 0, unloads: 0, lost: false };
    pasts.set(id, past);
    return past;
  };
  const find = (id: string): Loaded => {
    const model = models.get(id);
    if (model === undefined) throw new RpcError('NOT_FOUND', `Model ${id} is not loaded`);
    return model;
  };
  return {
    load: async (id, path, signal) => {
      calls.push(`load ${id}`);
      const script = models.get(id)?.script ?? scriptOf(path, instance);
      if (models.has(id)) return script;
      const first = pastOf(id).loads++ === 0;
      const cancelled = () => calls.push(`cancelled ${id}`);
      await pause(script.loadMs, signal, cancelled);
      if (script.trouble?.kind === 'crashes') crash();
      if (script.trouble?.kind === 'hangs') await pause(ENDLESS_MS, signal, cancelled);
      refuse(script.trouble, first, fixed);
      models.set(id, { script, answered: 0 });
      return script;
    },
    unload: async (id) => {
      calls.push(`unload ${id}`);
      const script = models.get(id)?.script;
      if (script === undefined) return;
      if (pastOf(id).unloads++ < script.unloadFailures) throw new RpcError('INTERNAL', 'Unload failed as asked');
      await sleep(script.unloadMs);
      models.delete(id);
    },
    sizeOf: (id) => find(id).script.sizeBytes,
    serve: async (id) => {
      const model = find(id);
      const { loseAfter, answerMs, refusal } = model.script;
      if (model.answered === loseAfter && !pastOf(id).lost) {
        pastOf(id).lost = true;
        models.delete(id);
        find(id);
      }
      model.answered += 1;
      if (answerMs > 0) await sleep(answerMs);
      if (refusal !== undefined) throw new RpcError(refusal.code, refusal.message);
    },
    forget: (id) => models.delete(id),
    purge: () => models.clear(),
    fix: () => {
      fixed = true;
    },
    loaded: () => [...models].map(([id, { script }]) => ({ id, sizeBytes: script.sizeBytes })),
    calls: () => calls,
  };
}

/** @throws RpcError when the load is to fail. */
function refuse(trouble: LoadTrouble | undefined, first: boolean, fixed: boolean): void {
  if (trouble?.kind !== 'fails') return;
  const over = { never: false, fixed, 'second load': !first }[trouble.until];
  if (!over) throw new RpcError(trouble.code, trouble.message);
}

async function pause(ms: number, signal: AbortSignal, cancelled: () => void): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    cancelled();
    throw new RpcError('CANCELLED', 'The load was cancelled');
  });
}
