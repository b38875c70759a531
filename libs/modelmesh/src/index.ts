/**
 * A mesh as its clients see it: the gRPC client of its management API, and the codec and the keys of its records in etcd.
 *
 * The mesh itself imports it too, and so do its watcher, the reconciler and the sandbox. It imports `domain`, `grpc` and `etcd`. It holds no rules: it neither decides what a record should say nor when to write it, and keeps no state but
 * connections.
 *
 * Failures: every failed call throws CallError, translated once, with the gRPC code's name as `code`. Records are foreign
 * input: parsing one gives `{kind: 'malformed'}` and never throws. A compacted revision arrives from a watch as data.
 */
export {
  encodeInstanceRecord,
  encodeModelRecord,
  encodeVModelRecord,
  NO_LRU_TIME,
  parseInstanceRecord,
  parseModelRecord,
  parseVModelRecord,
  type InstanceRecord,
  type ModelFailure,
  type ModelRecord,
  type Parsed,
  type VModelRecord,
} from './records.ts';
export {
  instanceIdOf,
  namespacedRootPrefix,
  parseRecordKey,
  recordKey,
  recordPrefix,
  RECORD_TABLES,
  type MeshScope,
  type ParsedRecordKey,
  type RecordTable,
} from './record-keys.ts';
export { createMeshClient, type MeshClientOptions } from './mesh-client.ts';
export type { ReadTls, TlsMaterial } from './mesh-tls.ts';
export { createMeshFeed, type MeshFeedOptions } from './mesh-feed.ts';
export { createMeshRecords } from './mesh-records.ts';
export { modelStatusNumber, vmodelStatusNumber } from './status-names.ts';
export {
  ModelMeshDefinition,
  type DeepPartial,
  type DeleteVModelRequest,
  type EnsureLoadedRequest,
  type GetStatusRequest,
  type GetVModelStatusRequest,
  type ModelInfo as ModelInfoMessage,
  type ModelMeshServiceImplementation,
  type ModelStatusInfo as ModelStatusInfoMessage,
  type RegisterModelRequest,
  type SetVModelRequest as SetVModelRequestMessage,
  type UnregisterModelRequest,
  type VModelStatusInfo as VModelStatusInfoMessage,
} from './gen/mmesh/model-mesh.ts';
export {
  ModelRuntimeDefinition,
  RuntimeStatusResponse_Status as RuntimeStatusNumber,
  type LoadModelRequest,
  type LoadModelResponse,
  type ModelRuntimeServiceImplementation,
  type ModelSizeRequest,
  type ModelSizeResponse,
  type PredictModelSizeRequest,
  type PredictModelSizeResponse,
  type RuntimeStatusResponse,
  type UnloadModelRequest,
} from './gen/mmesh/model-runtime.ts';
