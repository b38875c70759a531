export { CallError, classifyError, messageOf, type CallErrorKind, type CallErrorOptions } from './call-error.ts';
export type { MeshModels, ModelInfo, ModelStatus, ModelStatusInfo, SetVModelRequest, VModelRef, VModelStatus, VModelStatusInfo } from './ports/mesh.ts';
