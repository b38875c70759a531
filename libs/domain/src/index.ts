export { CallError, classifyError, messageOf, type CallErrorKind, type CallErrorOptions } from './call-error.ts';
export type { MeshModels, ModelInfo, ModelStatus, ModelStatusInfo, SetVModelRequest, VModelRef, VModelStatus, VModelStatusInfo } from './ports/mesh.ts';
export type {
  BeginAnswer,
  Change,
  DueKeys,
  Effect,
  EffectLog,
  FinishAnswer,
  Gathered,
  GatherRequest,
  Lease,
  Run,
  RunEnd,
  RunLedger,
  ServerHead,
  SourceFeed,
  SourceState,
  ViewedObject,
} from './ports/event-log.ts';
