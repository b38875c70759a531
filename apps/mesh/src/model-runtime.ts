/** The model server of this pod, as the mesh needs it. */
export type ModelRuntime = {
  /** @throws Error whose message is the reason, such as `INTERNAL: no such file`; an aborted load throws anything. */
  load(model: RuntimeModel, signal: AbortSignal): Promise<{ readonly sizeBytes: number }>;
  unload(modelId: string): Promise<void>;
};

export type RuntimeModel = { readonly id: string; readonly type: string; readonly path: string; readonly key: string };
