import type { KubeTransport } from '@meshkeeper/kubernetes';

type Right = {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Where one name is enough. */
  readonly name?: string;
};

const rights = (verbs: string, group: string, resources: string): readonly Right[] =>
  resources.split(' ').flatMap((text) => {
    const [resource = '', subresource] = text.split('/');
    return verbs.split(' ').map((verb) => ({ verb, group, resource, ...(subresource && { subresource }) }));
  });

const named = (verbs: string, resource: string, name: string): readonly Right[] =>
  rights(verbs, '', resource).map((right) => ({ ...right, name }));

/** What our processes need together; `deploy/rbac` gives each its own part of it. */
const NEEDED: readonly Right[] = [
  ...rights('get list watch', '', 'namespaces services persistentvolumeclaims'),
  ...named('list watch', 'configmaps', 'tc-config'),
  ...named('list watch', 'secrets', 'model-serving-etcd'),
  ...named('list watch', 'secrets', 'storage-config'),
  ...rights('list watch', 'autoscaling', 'horizontalpodautoscalers'),
  ...rights('list watch', 'apps', 'deployments'),
  ...rights('list watch', 'discovery.k8s.io', 'endpointslices'),
  ...rights('get list watch', 'serving.kserve.io', 'inferenceservices'),
  ...rights('list watch', 'serving.kserve.io', 'servingruntimes clusterservingruntimes'),
  ...rights('create patch delete', '', 'services'),
  ...rights('create', '', 'configmaps secrets'),
  ...named('patch delete', 'configmaps', 'tc-config'),
  ...named('get patch delete', 'secrets', 'model-serving-etcd'),
  ...rights('create patch delete', 'autoscaling', 'horizontalpodautoscalers'),
  ...rights('create patch delete', 'apps', 'deployments'),
  ...rights('patch', 'serving.kserve.io', 'inferenceservices/status'),
  ...rights('create', 'events.k8s.io', 'events'),
];

type Review = { readonly status: { readonly allowed: boolean } };

/** The first right that the client's user lacks, as `list deployments.apps`; undefined when it has all. */
export async function missingRight(client: KubeTransport): Promise<string | undefined> {
  const answers = await Promise.all(NEEDED.map((right) => isAllowed(client, right)));
  const missing = NEEDED.find((_, i) => answers[i] === false);
  if (missing === undefined) return undefined;
  const { verb, group, resource, subresource } = missing;
  return `${verb} ${[resource, group].filter((part) => part !== '').join('.')}${subresource ? `/${subresource}` : ''}`;
}

async function isAllowed(client: KubeTransport, resourceAttributes: Right): Promise<boolean> {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  return (await client.call<Review>({ method: 'POST', path, body })).status.allowed;
}
