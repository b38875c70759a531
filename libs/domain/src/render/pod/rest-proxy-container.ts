import type { JsonObject } from '../../objects/reduce.ts';
import { baseValuesOf, imageOf, resourcesOf, tlsEnvironment, tlsMounts, variable, type PodInput } from './pod-input.ts';

/** The proxy that turns REST calls into gRPC ones; none when it is not enabled. */
export function restProxyContainer(input: PodInput): JsonObject[] {
  const { config, revision } = input;
  const { restProxy } = config;
  if (!restProxy.enabled) return [];
  const base = baseValuesOf(input);
  const mounts = tlsMounts(input);
  return [
    {
      name: 'rest-proxy',
      image: imageOf(restProxy.image, base.restProxyImage, revision),
      ports: [{ name: 'http', containerPort: restProxy.port }],
      env: [
        variable('REST_PROXY_LISTEN_PORT', String(restProxy.port)),
        variable('REST_PROXY_GRPC_PORT', String(config.inferenceServicePort)),
        variable('REST_PROXY_USE_TLS', String(input.tls !== undefined)),
        variable('REST_PROXY_GRPC_MAX_MSG_SIZE_BYTES', String(config.grpcMaxMessageSizeBytes)),
        variable('REST_PROXY_SKIP_VERIFY', String(restProxy.skipVerify)),
        ...tlsEnvironment(input),
      ],
      resources: resourcesOf(restProxy.resources, base.restProxyResources),
      // Before revision 2 a pod was ready as soon as its mesh was, whether or not anybody took calls by REST.
      ...(revision < 2 ? {} : { readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 2, timeoutSeconds: 1 } }),
      ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
    },
  ];
}
