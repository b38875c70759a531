import type { MeshConfig } from '../config/mesh-config.ts';
import type { KubeObject, OwnerReference } from '../objects/reduce.ts';
import { MANAGED_LABELS, SERVICE_LABEL } from './labels.ts';

/** The inference Service of a namespace, as the original renders it. */
export function renderService(namespace: string, owner: OwnerReference | undefined, config: MeshConfig): KubeObject {
  const { inferenceServiceName: name, inferenceServicePort, restProxy, metrics } = config;
  const port = (portName: string, number: number) => ({
    name: portName,
    port: number,
    protocol: 'TCP',
    targetPort: portName,
  });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      labels: { [SERVICE_LABEL]: name, ...MANAGED_LABELS },
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: {
      selector: { [SERVICE_LABEL]: name },
      ...(config.headlessService ? { clusterIP: 'None' } : {}),
      ports: [
        port('grpc', inferenceServicePort),
        ...(restProxy.enabled && restProxy.port > 0 ? [port('http', restProxy.port)] : []),
        ...(metrics.enabled && metrics.port > 0 ? [port('prometheus', metrics.port)] : []),
      ],
    },
  };
}
