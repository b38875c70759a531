import type { TensorFacts, TensorValue } from '@meshkeeper/open-inference/tensors';

/** What a worker is asked. */
export type WorkerTask =
  | { readonly kind: 'load'; readonly model: string; readonly path: string; readonly threads: number }
  | {
      readonly kind: 'run';
      readonly model: string;
      readonly inputs: Readonly<Record<string, TensorValue>>;
      readonly outputs: readonly string[];
    }
  | { readonly kind: 'release'; readonly model: string };

export type ModelFacts = { readonly inputs: readonly TensorFacts[]; readonly outputs: readonly TensorFacts[] };

/** What each task is answered. */
export type TaskAnswers = {
  readonly load: ModelFacts;
  readonly run: Readonly<Record<string, TensorValue>>;
  readonly release: undefined;
};

export type WorkerRequest = { readonly id: number; readonly task: WorkerTask };
export type WorkerAnswer = { readonly id: number } & (
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string }
);
