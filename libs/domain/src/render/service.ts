import type { MeshConfig } from '../config.ts';
import type { KubeObject } from '../reduce.ts';
import { MANAGED_LABELS, SERVICE_LABEL } from './labels.ts';

/** The inference Service of a namespace, owned by the Namespace itself (rendering.md §3.2). */
export function renderService(namespace: string, namespaceUid: string, config: MeshConfig): KubeObject {
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
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          name: namespace,
          uid: namespaceUid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      selector: { [SERVICE_LABEL]: name },
      ...(config.headlessService ? { clusterIP: 'None' } : {}),
      ports: [
        port('grpc', inferenceServicePort),
        ...(restProxy.enabled ? [port('http', restProxy.port)] : []),
        ...(metrics.enabled ? [port('prometheus', metrics.port)] : []),
      ],
    },
  };
}
