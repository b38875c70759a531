export { CallError, classifyError, messageOf, type CallErrorKind, type CallErrorOptions } from './call-error.ts';
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
export { changeToKeys, EVERY_KEY } from './change-to-keys.ts';
export { endpointsIndex } from './indexes.ts';
export { modelToKeys, ownerOfModel, vmodelToKeys } from './record-to-keys.ts';
export { configFields, type ConfigField } from './config/config-fields.ts';
export { configInForce, configRequest } from './config/config-in-force.ts';
export { DEFAULT_CONFIG, type MeshConfig } from './config/mesh-config.ts';
export { parseConfig, type ParsedConfig } from './config/parse-config.ts';
export { DRIFT_KINDS, type DriftKind, type Finding } from './drift/find-drift.ts';
export { lookForDrift } from './drift/look-for-drift.ts';
export { ENABLED_LABEL, type FactsContext, type ModelFacts } from './facts.ts';
export { isRevision, type Revision } from './render/base-values.ts';
export { namespacedEtcdSecret, type SecretData } from './render/etcd-secret.ts';
export { TYPE_CONSTRAINTS_NAME } from './render/type-constraints.ts';
export { liveQuestions, withAnswers, type LiveQuestion } from './live-questions.ts';
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
} from './kinds.ts';
export { MemoryView } from './memory-view.ts';
export { firstDifference } from './plan/difference.ts';
export { plan } from './plan/plan.ts';
export { wantedOf } from './plan/plan-predictor.ts';
export type { ObjectRef, Obstacle, Outcome, Plan, SeenObject, Step } from './plan/step.ts';
export type { EventSink, KubeReader, KubeWriter, LiveReader, SecretCopier, WriteResult } from './ports/kubernetes.ts';
export type { DeletionBrake } from './ports/deletion-brake.ts';
export type { MeshRecords } from './ports/mesh-records.ts';
export type { CallBudget } from './ports/call-budget.ts';
export type { ViewReader } from './ports/view-reader.ts';
export { ADVICE } from './advice.ts';
export { EXPLAINED, explainedKey, explainKey, type ExplainedKind, type LookedUp } from './explain/explain-key.ts';
export type { Explanation } from './explain/explain-model.ts';
export type { RuntimeExplanation } from './explain/explain-runtime.ts';
export type { Episode } from './explain/cause-chain.ts';
export type { LoggedEntry } from './explain/logged-entry.ts';
export type { RunsSeen } from './explain/run-state.ts';
export type { Gate } from './gates/gate.ts';
export { REASONS, type Reason } from './reasons.ts';
export { asObject, hashOf, reduce, type Json, type JsonObject, type KubeObject, type ReducedObject } from './reduce.ts';
export { wantedOfInferenceService } from './registration/inference-service.ts';
export { wantedOfPredictor, type Wanted } from './registration/predictor.ts';
export { report } from './report/report-run.ts';
export type { Report, ReportedEvent } from './report/report.ts';
export { readShown } from './report/shown-status.ts';
export { statusPatch } from './report/status-patch.ts';
export { runtimeLabels, supports } from './runtime-labels.ts';
export {
  configOf,
  type LiveAnswers,
  type PredictorSnapshot,
  type RuntimeSnapshot,
  type Snapshot,
} from './snapshot/snapshot.ts';
export { explainRequest, gatherRequest, type SnapshotContext } from './snapshot/gather-request.ts';
export { toSnapshot } from './snapshot/to-snapshot.ts';
export { kindOfSource, toAbsence, toChange, toRecordChange, type MeshRecordSeen, type MeshTable } from './to-change.ts';
export { formatKey, parseKey, type Owner, type PredictorKey, type RuntimeKey, type WorkKey } from './work-key.ts';
export { autoscalerProblem, readAutoscaling, type Autoscaling } from './validation/autoscaling.ts';
export { ignoredFieldWarnings } from './validation/ignored-fields.ts';
export { isMultiModel, runtimeProblem } from './validation/runtime-spec.ts';
export {
  formatWarning,
  registrationWarning,
  visibleRuntimes,
  type NamedRuntime,
} from './validation/supported-format.ts';
