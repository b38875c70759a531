import type { KubeObject, Metadata } from '../objects/reduce.ts';
import type { Autoscaling } from '../validation/autoscaling.ts';
import type { DeploymentFrame } from './deployment.ts';

/** The HorizontalPodAutoscaler of a runtime of class `hpa`. It has the Deployment's name. */
export function renderAutoscaler(frame: DeploymentFrame, runtime: Metadata, scaling: Autoscaling): KubeObject {
  const { name, namespace, owner } = frame;
  const target = { type: 'Utilization', averageUtilization: scaling.target };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name,
      namespace,
      labels: {
        ...frame.labels,
        ...runtime.labels,
        'serving.kserve.io/inferenceservice': runtime.name,
        component: 'predictor',
      },
      ...(runtime.annotations === undefined ? {} : { annotations: runtime.annotations }),
      ownerReferences: [owner],
    },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: scaling.min,
      maxReplicas: scaling.max,
      metrics: [{ type: 'Resource', resource: { name: scaling.metric, target } }],
      behavior: {},
    },
  };
}
