import type { MeshConfig } from '../config/mesh-config.ts';
import type { KubeObject } from '../objects/reduce.ts';
import type { Viewed } from '../snapshot/snapshot.ts';
import { controllerReference, SERVICE_LABEL } from './labels.ts';

export const SERVICE_MONITOR_NAME = 'modelmesh-metrics-monitor';

/** What the Prometheus operator needs to scrape the pods behind the live inference Service, whose labels and life it shares. */
export function renderServiceMonitor(namespace: string, service: Viewed, config: MeshConfig): KubeObject {
  const { name, uid = '', labels = {} } = service.body.metadata;
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: {
      name: SERVICE_MONITOR_NAME,
      namespace,
      labels,
      ownerReferences: [controllerReference({ apiVersion: 'v1', kind: 'Service', name, uid })],
    },
    spec: {
      selector: { matchLabels: { [SERVICE_LABEL]: config.inferenceServiceName } },
      namespaceSelector: { matchNames: [namespace] },
      endpoints: [
        {
          port: 'prometheus',
          scheme: config.metrics.scheme,
          interval: '30s',
          // The mesh's certificate is its own.
          tlsConfig: { ca: {}, cert: {}, insecureSkipVerify: true },
          bearerTokenSecret: { key: '' },
        },
      ],
    },
  };
}
