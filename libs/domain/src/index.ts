export {
  CallError,
  classifyError,
  messageOf,
  type CallErrorKind,
  type CallErrorOptions,
} from './reasons/call-error.ts';
export type {
  MeshModels,
  MeshTarget,
  ModelInfo,
  ModelStatus,
  ModelStatusInfo,
  SetVModelRequest,
  VModelRef,
  VModelStatus,
  VModelStatusInfo,
} from './ports/mesh.ts';
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
export { changeToKeys, EVERY_KEY } from './changes/change-to-keys.ts';
export { endpointsIndex } from './changes/indexes.ts';
export { modelToKeys, ownerOfModel, vmodelToKeys } from './changes/record-to-keys.ts';
export { configFields, type ConfigField } from './config/config-fields.ts';
export { configInForce, configRequest } from './snapshot/config-in-force.ts';
export { DEFAULT_CONFIG, type MeshConfig } from './config/mesh-config.ts';
export { parseConfig, type ParsedConfig } from './config/parse-config.ts';
export { DRIFT_KINDS, type DriftKind, type Finding } from './drift/find-drift.ts';
export { lookForDrift } from './drift/look-for-drift.ts';
export { ENABLED_LABEL, type FactsContext, type ModelFacts } from './changes/facts.ts';
export { isRevision, type Revision } from './config/base-values.ts';
export { namespacedEtcdSecret, type SecretData } from './render/etcd-secret.ts';
export { parseQuantity } from './objects/quantity.ts';
export { TYPE_CONSTRAINTS_NAME } from './render/type-constraints.ts';
export { liveQuestions, withAnswers, type LiveQuestion } from './snapshot/live-questions.ts';
export {
  CONFIG_MAP_NAME,
  FIELD_MANAGER,
  FORM,
  KINDS,
  MANAGED_BY,
  MESH_SOURCE,
  watchedKinds,
  type Kind,
  type KindName,
  type WatchedName,
} from './objects/kinds.ts';
export { MemoryView } from './snapshot/memory-view.ts';
export { firstDifference } from './objects/difference.ts';
export { plan } from './plan/plan.ts';
export { wantedOf } from './snapshot/wanted-model.ts';
export type { ObjectRef, SeenObject } from './objects/object-ref.ts';
export type { Obstacle } from './reasons/obstacle.ts';
export type { MeshRecordSeen, MeshTable } from './ports/mesh-records.ts';
export type { Outcome, Plan, Step } from './plan/step.ts';
export type { EventSink, KubeReader, KubeWriter, LiveReader, SecretCopier, WriteResult } from './ports/kubernetes.ts';
export type { DeletionBrake } from './ports/deletion-brake.ts';
export type { MeshRecords } from './ports/mesh-records.ts';
export type { CallBudget } from './ports/call-budget.ts';
export type { ViewReader } from './ports/view-reader.ts';
export { ADVICE } from './reasons/advice.ts';
export { EXPLAINED, explainedKey, explainKey, type ExplainedKind, type LookedUp } from './explain/explain-key.ts';
export type { Explanation } from './explain/explain-model.ts';
export type { RuntimeExplanation } from './explain/explain-runtime.ts';
export type { Episode } from './explain/cause-chain.ts';
export type { LoggedEntry } from './explain/logged-entry.ts';
export type { RunsSeen } from './explain/run-state.ts';
export type { Gate } from './gates/gate.ts';
export { REASONS, type Reason } from './reasons/reasons.ts';
export {
  asObject,
  hashOf,
  reduce,
  type Json,
  type JsonObject,
  type KubeObject,
  type ReducedObject,
} from './objects/reduce.ts';
export { wantedOfInferenceService } from './registration/inference-service.ts';
export { wantedOfPredictor, type Wanted } from './registration/predictor.ts';
export { report } from './report/report-run.ts';
export type { Report, ReportedEvent } from './report/report.ts';
export { readShown } from './status/shown-status.ts';
export { statusPatch } from './status/status-patch.ts';
export { runtimeLabels, supports } from './objects/runtime-labels.ts';
export {
  configOf,
  type LiveAnswers,
  type PredictorSnapshot,
  type RuntimeSnapshot,
  type Snapshot,
} from './snapshot/snapshot.ts';
export { explainRequest, gatherRequest, type SnapshotContext } from './snapshot/gather-request.ts';
export { toSnapshot } from './snapshot/to-snapshot.ts';
export { kindOfSource, toAbsence, toChange, toRecordChange } from './changes/to-change.ts';
export {
  formatKey,
  parseKey,
  type Owner,
  type PredictorKey,
  type RuntimeKey,
  type WorkKey,
} from './objects/work-key.ts';
export { autoscalerProblem, readAutoscaling, type Autoscaling } from './validation/autoscaling.ts';
export { ignoredFieldWarnings } from './validation/ignored-fields.ts';
export { isMultiModel, runtimeProblem } from './validation/runtime-spec.ts';
export {
  formatWarning,
  registrationWarning,
  visibleRuntimes,
  type NamedRuntime,
} from './validation/supported-format.ts';
