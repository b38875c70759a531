import type { Container, Pod } from '../kube/objects.ts';

/** The container of the mesh, and those beside it that serve no models. */
const MESH = 'mm';
const OTHERS = [MESH, 'rest-proxy'];
const PULLER = 'puller';
const ADAPTER_SUFFIX = '-adapter';

/** What the kernel takes for the path of a unix socket. */
const SOCKET_PATH_BYTES = 107;

/** Room for an instance id: the end of the Pod's name, as the mesh takes it. */
const INSTANCE_LENGTH = 12;

export function meshContainer(pod: Pod): Container | undefined {
  return pod.spec.containers.find(({ name }) => name === MESH);
}

/** The container that the mesh of a Pod loads its models by; undefined in a Pod without a mesh. */
export function modelServerContainer(pod: Pod): Container | undefined {
  if (meshContainer(pod) === undefined) return undefined;
  const others = pod.spec.containers.filter(({ name }) => !OTHERS.includes(name));
  return (
    others.find(({ name }) => name === PULLER) ?? others.find(({ name }) => name.endsWith(ADAPTER_SUFFIX)) ?? others[0]
  );
}

/** The containers of the runtime itself: neither the mesh nor what stands between it and them. */
export function runtimeContainers(pod: Pod): readonly Container[] {
  return pod.spec.containers.filter(
    ({ name }) => !OTHERS.includes(name) && name !== PULLER && !name.endsWith(ADAPTER_SUFFIX),
  );
}

/**
 * What makes a program serve where the mesh dials. `mesh` is the environment of the mesh as its process gets it.
 * @throws Error when a socket's path is too long to be one
 */
export function modelServerEnvironment(
  mesh: Readonly<Record<string, string>>,
  podName: string,
  podIP: string,
): Readonly<Record<string, string>> {
  const management = endpoint(mesh['INTERNAL_GRPC_PORT'], mesh['INTERNAL_GRPC_SOCKET_PATH']) ?? 'port:8085';
  const data = endpoint(mesh['INTERNAL_SERVING_GRPC_PORT'], mesh['INTERNAL_SERVING_GRPC_SOCKET_PATH']);
  return {
    RUNTIME_ENDPOINT: management,
    // Always said: the container's own variables may have one of this name, an adapter's word for something else.
    RUNTIME_DATA_ENDPOINT: data ?? management,
    RUNTIME_INSTANCE: podName.slice(-INSTANCE_LENGTH),
    WKUBE_POD_IPADDR: podIP,
  };
}

function endpoint(port: string | undefined, socket: string | undefined): string | undefined {
  if (socket === undefined) return port === undefined ? undefined : `port:${port}`;
  const bytes = Buffer.byteLength(socket);
  if (bytes > SOCKET_PATH_BYTES) {
    throw new Error(
      `The socket ${socket} has a path of ${bytes} bytes, of which ${SOCKET_PATH_BYTES} are possible: the sandbox's folder has to be nearer to the root`,
    );
  }
  return `unix://${socket}`;
}
