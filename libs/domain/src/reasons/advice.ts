import type { Reason } from './reasons.ts';

/** What to do about each reason, in one or two sentences: what `explain` says last, and docs/troubleshooting.md in full. */
export const ADVICE: Readonly<Record<Reason, string>> = {
  ModelLoadFailed:
    'Read the message, which is the model server’s or the puller’s, and fix the path, the credentials or the model; a changed object is loaded immediately, an unchanged one is tried again every five minutes.',
  RuntimeUnhealthy:
    'See why the pods are not ready: `meshkeeper explain runtime NAME`, then `kubectl describe pods` of its Deployment. The model follows by itself.',
  NoSupportingRuntime:
    'Compare the reasons beside the runtimes: change the format, the version or the protocol of the model, or add a runtime that serves it.',
  RuntimeNotRecognized:
    'Correct the name of the runtime in the object, or create that runtime, or enable it (spec.multiModel true, spec.disabled false).',
  InvalidPredictorSpec: 'Change the field that the message names. The previously registered model keeps serving.',

  ModelLoading:
    'Wait. If it takes much longer than it should, look at the log of the pod that holds the copy: the mesh, the puller and the model server each write to it.',
  ModelNotLoaded:
    'Wait for the next run, which asks the mesh to load it. If that brings nothing, see whether the pods have room for it.',
  MeshUnknown:
    'Wait for the next run. If it keeps failing, see whether the pods of the mesh answer on their gRPC port.',
  NoSuchObject: 'Check the name and the namespace; `kubectl get isvc,predictors -A` lists all of them.',
  NotForModelMesh:
    'Set the annotation serving.kserve.io/deploymentMode: ModelMesh on the object if it is to be served here.',
  StorageEntryMissing:
    'Add an entry of that name to the storage Secret, or name one that it has (storage.key of the model). The model is not loaded before.',
  ClaimMissing: 'Create the PersistentVolumeClaim in the namespace of the model, or correct its name in the model.',
  ClaimNotMounted:
    'Add an entry of type pvc with the name of the claim to the storage Secret, or set allowAnyPVC: true in the configuration; either restarts the pods of the runtimes that mount it.',
  NotRegistered: 'Wait for the next run, which registers it. If runs fail, their error says why.',
  NamespaceNotEnabled: '`kubectl label namespace NAME modelmesh-enabled=true`, if models are to be served in it.',

  Ready: 'Nothing.',
  NotReady: 'Look up the reason that stands at the beginning of its message.',
  TransitionStarted: 'Nothing: the old model answers until the new one is loaded.',
  TransitionFinished: 'Nothing.',
  TransitionFailed: 'Read the message and fix the model, or revert the object: the old model keeps answering.',
  OwnerConflict:
    'Rename or delete one of the two objects; an InferenceService and a Predictor of one name are one model to the mesh. The one that stays takes over by itself.',
  DriftRepaired:
    'Find out who writes to the object, whom the message names, and let them change the runtime or the configuration instead.',

  Created: 'Nothing.',
  Updated: 'Nothing.',
  Adopted: 'Nothing.',
  Copied: 'Nothing.',
  DeletionHeld:
    'If the objects were deleted on purpose, wait: they go as soon as all objects have been listed once more. If not, restore them now; their models are still served.',
  Deleted: 'Nothing.',
  Registered: 'Nothing.',
  Reloaded: 'Nothing.',
  Unregistered: 'Nothing.',
  StatusChanged: 'Nothing.',

  Paused: 'Take away the annotation meshkeeper.dev/paused from the object or its namespace when its owner agrees.',
  InvalidRuntime:
    'Change the field of the ServingRuntime that the message names. Its pods stay as they are until then, and other runtimes are not affected.',
  InvalidAutoscaling: 'Correct the annotations that the message names; the defaults apply until then.',
  TlsSecretMissing:
    'Create the Secret in the namespace, or correct tls.secretName; it is looked for every ten seconds.',
  EtcdSecretMissing:
    'Create the Secret with etcd_connection in the namespace of the controller; its copies follow by themselves.',
  ProductConfigMissing:
    'Create the ConfigMap, or correct the annotation productConfig of the runtime; it is looked for every ten seconds.',
  InvalidConfiguration:
    'Correct each value that an Event on the ConfigMap names: `kubectl describe configmap model-serving-config`.',
  ConfigurationWarning: 'Correct or remove the setting; the message names the one that it resembles.',
};
