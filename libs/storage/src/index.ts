/**
 * Model storage: copies a model from S3, Google Cloud Storage, Azure or an HTTP server, or links it from a claim, into a
 * folder of its own; and the puller's algorithm above that, which the puller and the adapters share.
 *
 * Apps import it. It imports no other library of ours, and knows neither Kubernetes nor gRPC.
 *
 * It writes nothing outside the model's folder, whatever a key, a name or a link says, and never logs. No message and no
 * cause of its errors holds a credential or a URL's query.
 *
 * Failures: StorageError, with a reason and whether trying again can help; ModelKeyError when the model's key or the storage
 * that it names cannot be used. After either the model's folder is gone. A pull is never resumed.
 */
export {
  createModelPuller,
  modelFolder,
  type ModelPuller,
  type ModelToPull,
  type PulledModel,
} from './model/model-puller.ts';
export { ModelKeyError } from './model/model-key.ts';
export type { PullRequest, PullTarget, StorageConfig } from './provider.ts';
export { createStorage, type Storage, type StorageOptions } from './storage.ts';
export { StorageError, type StorageReason } from './storage-error.ts';
