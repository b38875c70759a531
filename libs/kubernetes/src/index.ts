/**
 * Talking to the Kubernetes API: one transport, sources to record from, writes that carry what was seen, Events.
 *
 * Imported by apps; meets the rest through the ports of `domain`. It decides nothing and keeps no cache: what was seen lives in
 * the view. Of client-node only kubeconfig and credentials are used, since its transport opens a connection for each call and its
 * models drop unknown fields. Every failure is a CallError, classified in `api-error.ts`; 429, 503 and 401 are answered here.
 */
export {
  contextNamespace,
  kubeAccess,
  type AccessSource,
  type ClusterAccess,
  type KubeConfigOptions,
} from './credentials.ts';
export { createAccessReviewer, type Access, type AccessReviewer, type Caller } from './access-reviewer.ts';
export { decodeConfigMap } from './config-map.ts';
export { decoded } from './decoded.ts';
export { createEventSink } from './events.ts';
export { createKubeFeed, type FeedOptions } from './feed.ts';
export { readEtcdSecret } from './etcd-secret.ts';
export { createConfigurationReader } from './configuration.ts';
export { createLiveReader } from './live-reader.ts';
export { managedFieldsOf } from './managed-fields.ts';
export { isServerDefault } from './server-defaults.ts';
export { copyWithoutData, createSecretCopier, previewCopy } from './secret-copy.ts';
export type { WatchContext } from './watched-names.ts';
export { findForeignController } from './foreign-controller.ts';
export { orUndefined } from './or-undefined.ts';
export { readTlsSecret, type TlsSecret } from './tls-secret.ts';
export { KubeTransport, type TransportObserver, type TransportOptions } from './transport.ts';
export { createWriter } from './writer.ts';
export { observeConfiguration } from './observe-configuration.ts';
