import { Worker } from 'node:worker_threads';
import type { TensorValue } from '@meshkeeper/open-inference/tensors';
import type { ModelFacts, TaskAnswers, WorkerAnswer, WorkerTask } from './messages.ts';

/** A loaded model. Its calls throw Error in the words of ONNX Runtime. */
export type Session = ModelFacts & {
  run(inputs: Readonly<Record<string, TensorValue>>, outputs: readonly string[]): Promise<TaskAnswers['run']>;
  release(): Promise<void>;
};

export type SessionPool = {
  /** Puts the model where the fewest are. @throws Error in the words of ONNX Runtime */
  load(path: string): Promise<Session>;
  stop(): Promise<void>;
};

export type PoolOptions = { readonly workers: number; readonly threads: number };

/** Threads with sessions. Each session stays in one of them, where one call runs at a time. */
export function startSessionPool({ workers, threads }: PoolOptions): SessionPool {
  const pool = Array.from({ length: workers }, startWorker);
  let next = 0;
  return {
    load: async (path) => {
      const worker = pool.toSorted((one, other) => one.models() - other.models())[0] as SessionWorker;
      const model = String((next += 1));
      worker.count(1);
      try {
        const facts = await worker.ask({ kind: 'load', model, path, threads });
        return {
          ...facts,
          run: (inputs, outputs) => worker.ask({ kind: 'run', model, inputs, outputs }),
          release: async () => {
            worker.count(-1);
            await worker.ask({ kind: 'release', model });
          },
        };
      } catch (error) {
        worker.count(-1);
        throw error;
      }
    },
    stop: async () => {
      await Promise.all(pool.map((worker) => worker.stop()));
    },
  };
}

type SessionWorker = ReturnType<typeof startWorker>;
type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/** A thread that fails unexpectedly ends the process: its models are lost, and the mesh has to notice. */
function startWorker() {
  const worker = new Worker(new URL('session-worker.ts', import.meta.url));
  const waiting = new Map<number, Waiting>();
  let id = 0;
  let models = 0;
  worker.on('message', (answer: WorkerAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.kind === 'done') asked?.resolve(answer.value);
    else asked?.reject(new Error(answer.message));
  });
  return {
    models: () => models,
    count: (by: number) => {
      models += by;
    },
    ask: <K extends WorkerTask['kind']>(task: Extract<WorkerTask, { kind: K }>): Promise<TaskAnswers[K]> =>
      new Promise((resolve, reject) => {
        id += 1;
        waiting.set(id, { resolve: (value) => resolve(value as TaskAnswers[K]), reject });
        worker.postMessage({ id, task }, memoryOf(task));
      }),
    stop: async () => {
      await worker.terminate();
    },
  };
}

/** What is moved to the thread, and not copied. */
function memoryOf(task: WorkerTask): ArrayBuffer[] {
  if (task.kind !== 'run') return [];
  return Object.values(task.inputs).flatMap((input) => (input.kind === 'numbers' ? [input.buffer] : []));
}
