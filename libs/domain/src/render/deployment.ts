import type { JsonObject, KubeObject, OwnerReference } from '../objects/reduce.ts';
import type { Revision } from '../config/base-values.ts';
import { SERVICE_LABEL } from './labels.ts';

/** On a Deployment: the rendering revision of its template. On a runtime: the revision to use, whatever the configuration says. */
export const REVISION_ANNOTATION = 'meshkeeper.dev/rendering-revision';
/** Of the template last wanted: as long as it stays, a difference in the live one was made externally. */
export const TEMPLATE_HASH_ANNOTATION = 'meshkeeper.dev/template-hash';

/** A Deployment, except for its pod template and its size. */
export type DeploymentFrame = {
  readonly name: string;
  readonly namespace: string;
  readonly serviceName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: OwnerReference;
};

export type Template = { readonly revision: Revision; readonly hash: string; readonly body: JsonObject };

/** A runtime's Deployment, as the original renders it. The annotations are of the Deployment alone, so that they restart no pod. */
export function deploymentObject(frame: DeploymentFrame, template: Template, replicas: number): KubeObject {
  const { name, namespace, serviceName, labels, owner } = frame;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels,
      annotations: { [REVISION_ANNOTATION]: String(template.revision), [TEMPLATE_HASH_ANNOTATION]: template.hash },
      ownerReferences: [owner],
    },
    spec: {
      replicas,
      selector: { matchLabels: { [SERVICE_LABEL]: serviceName, name } },
      strategy: { rollingUpdate: { maxSurge: '75%', maxUnavailable: '15%' } },
      template: template.body,
    },
  };
}
