import type { RuntimeFacts } from '../rules/runtime-facts.ts';

/** The model server of this pod, as the mesh needs it. */
export type ModelRuntime = {
  readonly facts: RuntimeFacts;
  /** Where its management API was found; inference goes there too unless another endpoint is set. */
  readonly address: string;
  /**
   * Whatever of the same id is under way ends first. What a failed load leaves behind is unloaded without being asked.
   * @throws CallError whose message is the reason, such as `INTERNAL: no such file`, and whose code is that of gRPC; CANCELLED
   * when `signal` or an `unload` of the id ended it
   */
  load(model: RuntimeModel, signal: AbortSignal): Promise<LoadedModel>;
  /** Bytes of a loaded model; undefined when they cannot be learned. */
  size(id: string): Promise<number | undefined>;
  /** False once the server has said that it cannot. */
  supportsSizePrediction(): boolean;
  /** Bytes, a guess made before the load; undefined when there is none. */
  predictSize(model: RuntimeModel): Promise<number | undefined>;
  /**
   * Ends a load of the id that is under way. Never rejects. `unloaded` also when a later load took its place:
   * the memory is that one's then. `gave-up`: the memory has to be taken for lost.
   */
  unload(id: string): Promise<UnloadOutcome>;
  /** Ends all that is under way. */
  close(): Promise<void>;
};

export type RuntimeModel = { readonly id: string; readonly type: string; readonly path: string; readonly key: string };

export type LoadedModel = {
  /** 0: the server does not know it yet. */
  readonly sizeBytes: number;
  /** 0: no limit. */
  readonly maxConcurrency: number;
};

export type UnloadOutcome = 'unloaded' | 'gave-up';
