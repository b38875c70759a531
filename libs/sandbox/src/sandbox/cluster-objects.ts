import { join } from 'node:path';
import { orUndefined, type KubeTransport } from '@meshkeeper/kubernetes';
import type { Condition, Pod } from '../kube/objects.ts';
import { APPLIED, APPLY_PATCH, failedWith } from '../kube/open-cluster.ts';
import type { Serving } from '../serving/serving.ts';
import { waitFor } from '../wait-for.ts';
import { applyManifests, manifestDigest, type Kubectl } from './kubectl.ts';

export const NAMESPACE = 'modelmesh-serving';
export const ETCD_SECRET = 'model-serving-etcd';
/** The prefix of the mesh's keys in its etcd. */
export const ROOT_PREFIX = 'modelmesh-serving';

/** What must be there before any process of ours starts: namespace, resource definitions, rights, configuration. */
export async function applyFoundation(kubectl: Kubectl, deploy: string, withConfiguration: boolean): Promise<void> {
  const always = ['namespace.yaml', 'crds', 'rbac'];
  const paths = withConfiguration ? [...always, 'config'] : always;
  await applyManifests(
    kubectl,
    paths.map((name) => join(deploy, name)),
  );
}

/** Runtimes and samples are custom resources: they need their definitions to be served. Paths are below `deploy`. */
export async function applyResources(kubectl: Kubectl, deploy: string, paths: readonly string[]): Promise<void> {
  await applyManifests(
    kubectl,
    paths.map((name) => join(deploy, name)),
  );
}

/**
 * Changes when what only the first start applies has changed. Configuration, runtimes and the samples belong to the user from
 * then on: a resumed cluster keeps what was edited or deleted.
 */
export function resourcesDigest(deploy: string, serving: Serving): string {
  const digest = manifestDigest(['config', 'runtimes', 'onnx-runtime', 'sample'].map((name) => join(deploy, name)));
  return `${serving.kind}${serving.kind === 'real' && serving.mlserver ? '+mlserver' : ''} ${digest}`;
}

/** Needed where deploy/namespace.yaml does not make it. */
export async function ensureNamespace(client: KubeTransport, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await client.call({ method: 'POST', path: '/api/v1/namespaces', body }).catch((error: unknown) => {
    if (!failedWith(error, 'Conflict')) throw error;
  });
}

/** Says where the mesh's etcd is, in the form that runtime pods and the controller read. */
export async function writeEtcdSecret(client: KubeTransport, namespace: string, endpoint: string): Promise<void> {
  const connection = JSON.stringify({ endpoints: endpoint, root_prefix: ROOT_PREFIX });
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: ETCD_SECRET, namespace },
    stringData: { etcd_connection: connection },
  };
  const path = `/api/v1/namespaces/${namespace}/secrets/${ETCD_SECRET}`;
  await client.call({ method: 'PATCH', path, query: APPLIED, contentType: APPLY_PATCH, body });
}

type Definition = {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
};

/** @throws Error naming the definitions that the server does not serve within 20 s. */
export async function untilDefinitionsServed(client: KubeTransport): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  let missing: readonly string[] = [];
  const served = async (): Promise<boolean> => {
    const list = await client.call<{ readonly items: readonly Definition[] }>({ method: 'GET', path });
    const isServed = (each: Definition): boolean =>
      each.status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') ===
      true;
    missing = list.items.filter((each) => !isServed(each)).map((each) => each.metadata.name);
    return missing.length === 0;
  };
  await waitFor(served, { timeoutMs: 20_000, what: 'the custom resource definitions to be served' }).catch(
    (error: unknown) => {
      throw new Error(`These custom resource definitions are not served: ${missing.join(', ')}`, { cause: error });
    },
  );
}

type InferenceService = {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly modelStatus?: {
      readonly transitionStatus?: string;
      readonly lastFailureInfo?: { readonly message?: string };
    };
  };
};

/** How the sample stands; `waitsFor` is the end of a sentence. */
export type SampleState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly waitsFor: string };

/** All samples are as far as the one that is behind. */
export async function samplesState(
  client: KubeTransport,
  namespace: string,
  names: readonly string[],
): Promise<SampleState> {
  const states = await Promise.all(names.map((name) => sampleState(client, namespace, name)));
  const there = states.filter(({ kind }) => kind !== 'absent');
  return there.find(({ kind }) => kind === 'waiting') ?? there[0] ?? { kind: 'absent' };
}

async function sampleState(client: KubeTransport, namespace: string, name: string): Promise<SampleState> {
  const path = `/apis/serving.kserve.io/v1beta1/namespaces/${namespace}/inferenceservices/${name}`;
  const sample = await orUndefined(client.call<InferenceService>({ method: 'GET', path }));
  if (sample === undefined) return { kind: 'absent' };
  const conditions = sample.status?.conditions ?? [];
  const ready = conditions.find((condition) => condition.type === 'Ready');
  // Pods first: a resumed cluster still says that the sample was ready when it was stopped.
  const pods = await unreadyPods(client, namespace);
  if (pods.length > 0) return { kind: 'waiting', waitsFor: `pod ${pods.join(', ')} to be ready` };
  if (ready?.status === 'True') return { kind: 'ready' };
  const text = sample.status?.modelStatus?.lastFailureInfo?.message ?? ready?.message ?? ready?.reason;
  const because = text === undefined ? 'a first status from the reconciler' : `its model to be loaded (${text})`;
  return { kind: 'waiting', waitsFor: because };
}

async function unreadyPods(client: KubeTransport, namespace: string): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const pods = await client.call<{ readonly items: readonly Pod[] }>({ method: 'GET', path });
  const isReady = (conditions: readonly Condition[] = []): boolean =>
    conditions.some((each) => each.type === 'Ready' && each.status === 'True');
  return pods.items.filter((pod) => !isReady(pod.status.conditions)).map((pod) => pod.metadata.name);
}
