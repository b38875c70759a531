/** What registers a model: the placement label, the path in its storage, and the JSON that the puller reads. */
export type ModelInfo = { readonly type: string; readonly path: string; readonly key: string };

export type ModelStatus = 'NOT_FOUND' | 'NOT_LOADED' | 'LOADING' | 'LOADED' | 'LOADING_FAILED' | 'UNKNOWN';
export type VModelStatus = 'NOT_FOUND' | 'DEFINED' | 'TRANSITIONING' | 'TRANSITION_FAILED' | 'UNKNOWN';

export type ModelCopy = {
  /** The instance id of the pod: the last 12 characters of its name. */
  readonly location: string;
  readonly status: ModelStatus;
  /** Epoch milliseconds: the start of the load, or the failure. */
  readonly time: number;
};

export type ModelStatusInfo = {
  readonly status: ModelStatus;
  /** Most recent first; kept by the mesh even while the model is loaded. */
  readonly errors: readonly string[];
  readonly copies: readonly ModelCopy[];
};

export type VModelStatusInfo = {
  readonly status: VModelStatus;
  readonly owner: string;
  readonly activeModelId: string;
  readonly targetModelId: string;
  /** Absent when the mesh sent none. */
  readonly activeModelStatus: ModelStatusInfo | undefined;
  readonly targetModelStatus: ModelStatusInfo | undefined;
};

export type VModelRef = { readonly vModelId: string; readonly owner: string };

export type SetVModelRequest = VModelRef & {
  readonly targetModelId: string;
  readonly modelInfo: ModelInfo;
  readonly loadNow: boolean;
  readonly autoDeleteTargetModel: boolean;
  /** The target that the caller saw; empty when it saw no VModel. */
  readonly expectedTargetModelId: string;
};

/** How the mesh of one namespace is called. */
export type MeshTarget = {
  /** `host:port` of its ready pods, as the snapshot saw them. */
  readonly endpoints: readonly string[];
  /** `<service>.<namespace>`: what its pods' certificates are made out to. */
  readonly authority: string;
  /** The Secret with the mesh's certificate, in the controller's own namespace; empty for plaintext. */
  readonly tlsSecretName: string;
};

/**
 * The management API of meshes. A target without endpoints is `Transient` with code `NO_ENDPOINTS`. Calls throw CallError with the
 * gRPC code's name as `code`, or the code of what kept the TLS Secret from being used.
 */
export type MeshModels = {
  setVModel(target: MeshTarget, request: SetVModelRequest): Promise<VModelStatusInfo>;
  /** An absent VModel, or one of another owner, is no error. */
  deleteVModel(target: MeshTarget, ref: VModelRef): Promise<void>;
  /** An absent VModel, or one of another owner, has status `NOT_FOUND`. */
  getVModelStatus(target: MeshTarget, ref: VModelRef): Promise<VModelStatusInfo>;
};
