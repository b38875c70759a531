/**
 * Every reason code that Meshkeeper shows, once: the same word in a status, an Event, a log line, a metric and the console.
 * The first group is the original's own vocabulary.
 */
export const REASONS = {
  ModelLoadFailed: 'The model server or the puller could not load the model; the message is theirs.',
  RuntimeUnhealthy: 'No pod that could hold the model takes calls yet.',
  NoSupportingRuntime: 'No ServingRuntime supports the model type and protocol.',
  RuntimeNotRecognized: 'The runtime that the object names does not exist, or is disabled.',
  InvalidPredictorSpec: 'The object cannot be turned into a model; the message says which field is wrong.',

  ModelLoading: 'The mesh is loading the model.',
  ModelNotLoaded: 'The model is registered and not loaded.',
  MeshUnknown: 'The mesh has not said yet what became of the model.',
  NoSuchObject: 'There is no such object.',
  NotForModelMesh: 'The object carries another deployment mode than ModelMesh, and is left to others.',
  StorageEntryMissing: 'The storage Secret of the namespace has no entry of the name that the object gives.',
  ClaimMissing: 'The PersistentVolumeClaim that the model lies on does not exist.',
  ClaimNotMounted: 'The PersistentVolumeClaim that the model lies on is mounted in no pod.',
  NotRegistered: 'The mesh does not know the model yet.',
  NamespaceNotEnabled: 'The namespace carries no label modelmesh-enabled=true, so nothing is served in it.',

  Ready: 'The model is loaded and answers requests.',
  NotReady: 'The model no longer answers requests; the message gives the first cause.',
  TransitionStarted: 'A changed object is being switched over to its new model; the old one keeps serving.',
  TransitionFinished: 'The new model has taken over.',
  TransitionFailed: 'The new model could not be loaded; the old one keeps serving.',
  OwnerConflict: 'Another object of the same name already owns the model in the mesh.',
  DriftRepaired: 'An object managed by Meshkeeper was modified externally and has been restored.',

  Created: 'An object that Meshkeeper owns was created.',
  Updated: 'An object that Meshkeeper owns was brought in line with what is wanted.',
  Adopted: 'An object of the original controller was taken over; nothing in it changed.',
  Copied: 'The Secret with the connection to etcd was copied into a namespace.',
  DeletionHeld:
    'Many models of one namespace would be deleted together; the rest waits until their objects have been listed again.',
  Deleted: 'An object that is no longer wanted was deleted.',
  Registered: 'A model was registered with the mesh, or moved to its new target.',
  Reloaded: 'The mesh was asked to load a registered model again.',
  Unregistered: 'A model was removed from the mesh.',
  StatusChanged: 'The status shows something new.',

  Paused:
    'Reconciliation of the object or its namespace is paused by an annotation: nothing is written until it is removed.',
  InvalidRuntime: 'A ServingRuntime cannot be rendered; the message names the field.',
  InvalidAutoscaling:
    'Annotations of a ServingRuntime request an autoscaler that cannot be created; the defaults are used.',
  TlsSecretMissing: 'The Secret that tls.secretName names does not exist in a namespace.',
  EtcdSecretMissing: 'The Secret that says where the etcd of the mesh is does not exist.',
  ProductConfigMissing: 'The ConfigMap that annotation productConfig of a ServingRuntime names does not exist.',
  InvalidConfiguration:
    'The ConfigMap model-serving-config holds wrong values; the last good ones stay in force, or, without any, nothing is written.',
  ConfigurationWarning:
    'The ConfigMap model-serving-config holds something that has no effect, or another one than it seems.',
} as const;

export type Reason = keyof typeof REASONS;
