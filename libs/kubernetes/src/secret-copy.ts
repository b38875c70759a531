import {
  FIELD_MANAGER,
  MANAGED_BY,
  namespacedEtcdSecret,
  KINDS,
  type KubeObject,
  type KubeReader,
  type ObjectRef,
  type SecretCopier,
  type SecretData,
} from '@meshkeeper/domain';
import { orUndefined } from './or-undefined.ts';
import { collectionPath, objectPath } from './paths.ts';
import type { KubeTransport } from './transport.ts';

type Secret = KubeObject & { readonly data?: SecretData };

/**
 * The one place where bytes of a Secret are handled to be written: both Secrets are read, and the copy is written only where it differs.
 * What is returned holds no byte of them.
 */
export function createSecretCopier(transport: KubeTransport): SecretCopier {
  const read = (ref: ObjectRef): Promise<Secret> => transport.call<Secret>({ method: 'GET', path: objectPath(ref) });
  return {
    async copy(from: ObjectRef, target: ObjectRef) {
      const source = await read(from);
      const data = namespacedEtcdSecret(source.data ?? {}, target.namespace);
      const live = await orUndefined(read(target));
      const copied = { from: source.metadata.resourceVersion ?? '', written: false };
      if (live !== undefined && holds(live, data)) return { ...copied, to: live.metadata.resourceVersion ?? '' };
      const written = await write(transport, target, data, live);
      return { ...copied, to: written.metadata.resourceVersion ?? '', written: true, object: withoutData(written) };
    },
  };
}

/** What such a copy would do, without doing it; undefined for nothing. @throws CallError as the copy itself would. */
export async function previewCopy(
  reader: KubeReader,
  from: ObjectRef,
  target: ObjectRef,
): Promise<'create' | 'change' | undefined> {
  const [source, live] = (await Promise.all([reader.read(from), reader.read(target)])) as [
    Secret | undefined,
    Secret | undefined,
  ];
  if (source === undefined) return undefined;
  const data = namespacedEtcdSecret(source.data ?? {}, target.namespace);
  if (live === undefined) return 'create';
  return holds(live, data) ? undefined : 'change';
}

/** The copy as it is created, but for its data. */
export function copyWithoutData({ namespace, name }: ObjectRef): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels: LABELS } };
}

/** Keys that others added stay. */
function holds({ metadata, data = {} }: Secret, wanted: SecretData): boolean {
  if (metadata.labels?.[MANAGED_BY_LABEL] !== MANAGED_BY) return false;
  return Object.entries(wanted).every(([key, value]) => data[key] === value);
}

const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
const LABELS = { [MANAGED_BY_LABEL]: MANAGED_BY };

function write(
  transport: KubeTransport,
  target: ObjectRef,
  data: SecretData,
  live: Secret | undefined,
): Promise<KubeObject> {
  const query = { fieldManager: FIELD_MANAGER };
  if (live === undefined) {
    const path = collectionPath(KINDS[target.kind], target.namespace);
    return transport.call({ method: 'POST', path, query, body: { ...copyWithoutData(target), data } });
  }
  return transport.call({
    method: 'PATCH',
    path: objectPath(target),
    query,
    contentType: 'application/merge-patch+json',
    body: { metadata: { labels: LABELS, resourceVersion: live.metadata.resourceVersion }, data },
  });
}

function withoutData({ metadata }: KubeObject): KubeObject {
  return { metadata };
}
