/** The words of `mmesh.ModelRuntime` that every example needs. */
export type LoadRequest = {
  readonly modelId: string;
  /** Where storage has it; behind a puller an absolute path of this pod. */
  readonly modelPath: string;
  /** JSON: type, schema, and storage or, behind a puller, the size on disk. */
  readonly modelKey: string;
};

export type ModelRequest = { readonly modelId: string };

/** The mesh puts the id into field 1 of these calls, so that the server knows which model is meant. */
const BY_FIRST_FIELD = { idInjectionPath: [1] };

/** What a runtime with `capacityInBytes` of memory for models says when it is ready, and empty. */
export function ready(capacityInBytes: number): object {
  return {
    status: 'READY',
    capacityInBytes,
    maxLoadingConcurrency: 4,
    modelLoadingTimeoutMs: 30_000,
    defaultModelSizeInBytes: 65_536,
    runtimeVersion: 'example',
    methodInfos: { 'inference.GRPCInferenceService/ModelInfer': BY_FIRST_FIELD },
  };
}

/** Memory for models: what the container requests, less what the server itself takes. */
export function capacityFrom(env: NodeJS.ProcessEnv): number {
  return Number(env['CONTAINER_MEM_REQ_BYTES'] ?? 512 * 1024 ** 2) - 128 * 1024 ** 2;
}
