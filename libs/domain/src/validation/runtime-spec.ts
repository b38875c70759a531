import { z } from 'zod';
import type { JsonObject } from '../objects/reduce.ts';
import { parseEndpoint } from './endpoint.ts';

/** Names that our own containers and volumes have in every pod; a runtime's may not clash with them. */
const CONTAINERS = ['mm', 'rest-proxy', 'puller'];
const PORT_NAMES = ['grpc', 'http', 'prometheus'];
const MOUNTS = ['storage-config', 'etcd-config', 'tc-config', 'domain-socket'];
const VOLUMES = [...MOUNTS, 'models-dir'];
const PREFIX = 'mm-';
/** The mesh's own ports, the adapter's, the probes' and the stop hooks'. */
const PORTS = [8080, 8085, 8089, 8090];
/** Kept for later use by the original. */
const PORT_RANGE = { first: 11_881, last: 11_899 };

const NO_CONTAINER = 'must have at least one container';
const REQUIRED = 'is required';
const named = z.object({ name: z.string().nullish() });
const containerSchema = z.object({
  name: z.string(REQUIRED).min(1, REQUIRED),
  readinessProbe: z.unknown().optional(),
  lifecycle: z.unknown().optional(),
  volumeMounts: z.array(named).nullish(),
  ports: z.array(named.extend({ containerPort: z.number().nullish() })).nullish(),
});
const runtimeSchema = z.object({
  containers: z.array(containerSchema, NO_CONTAINER).min(1, NO_CONTAINER),
  volumes: z.array(named).nullish(),
  grpcEndpoint: z.string().nullish(),
  grpcDataEndpoint: z.string().nullish(),
  storageHelper: z.object({ disabled: z.boolean().nullish() }).nullish(),
  builtInAdapter: z.object({ serverType: z.string().nullish() }).nullish(),
});
type RuntimeSpec = z.output<typeof runtimeSchema>;
type Container = RuntimeSpec['containers'][number];

/** Only these runtimes are ours; the rules below are for no other (an ordinary KServe runtime may well use port 8080). */
export function isMultiModel(spec: JsonObject): boolean {
  return spec['multiModel'] === true;
}

/**
 * The first thing that keeps a multi-model runtime from being rendered. The texts are the original's as far as it said a word, since
 * people search for them. Never throws.
 */
export function runtimeProblem(spec: JsonObject, builtInServerTypes: readonly string[]): string | undefined {
  const parsed = runtimeSchema.safeParse(spec, {
    error: ({ code, expected }) => (code === 'invalid_type' ? `must be of type ${String(expected)}` : undefined),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `spec${pathText(issue?.path ?? [])} ${issue?.message}`;
  }
  const runtime = parsed.data;
  return (
    adapterProblem(runtime, builtInServerTypes) ??
    firstProblem(runtime.containers, containerProblem) ??
    firstProblem(runtime.volumes, ({ name }) => nameProblem('volume', name, VOLUMES)) ??
    managementProblem(runtime) ??
    socketProblem(runtime)
  );
}

function adapterProblem({ builtInAdapter, containers }: RuntimeSpec, known: readonly string[]): string | undefined {
  if (!builtInAdapter) return undefined;
  const type = builtInAdapter.serverType ?? '';
  if (!known.includes(type)) return `unrecognized built-in runtime server type ${type}`;
  if (containers.some(({ name }) => name === type)) return undefined;
  return `must include runtime container with name ${type}`;
}

function containerProblem(container: Container): string | undefined {
  const problem =
    nameProblem('container name', container.name, CONTAINERS) ??
    hookProblem(container) ??
    firstProblem(container.volumeMounts, ({ name }) => nameProblem('volume', name, MOUNTS)) ??
    firstProblem(container.ports, portProblem);
  return problem === undefined ? undefined : `container spec for ${container.name} is invalid: ${problem}`;
}

function hookProblem({ readinessProbe, lifecycle }: Container): string | undefined {
  if ((readinessProbe ?? lifecycle ?? undefined) === undefined) return undefined;
  return 'ReadinessProbe and Lifecycle are managed by modelmesh and cannot be set';
}

function portProblem({ name, containerPort }: NonNullable<Container['ports']>[number]): string | undefined {
  const problem = nameProblem('port name', name, PORT_NAMES);
  if (problem !== undefined || typeof containerPort !== 'number') return problem;
  if (PORTS.includes(containerPort)) return `Port ${containerPort} is reserved for internal use`;
  const { first, last } = PORT_RANGE;
  if (containerPort < first || containerPort > last) return undefined;
  return `Port range [${first}-${last}] is reserved for internal use`;
}

function nameProblem(what: string, name: string | null | undefined, reserved: readonly string[]): string | undefined {
  if (!name) return undefined;
  if (reserved.includes(name)) return `${what} ${name} is reserved for internal use`;
  return name.startsWith(PREFIX)
    ? `${what} cannot start with "${PREFIX}", which is reserved for internal use`
    : undefined;
}

const PORT_ENDPOINT = /^port:[0-9]+$/;

/** Where models are managed: by the adapter it defaults to, by the puller, or by a server that speaks to the mesh itself. */
function managementProblem({ builtInAdapter, storageHelper, grpcEndpoint }: RuntimeSpec): string | undefined {
  const isPort = PORT_ENDPOINT.test(grpcEndpoint ?? '');
  if (builtInAdapter) {
    if (isPort || grpcEndpoint === undefined || grpcEndpoint === null) return undefined;
    return `Built-in adapter grpcEndpoint must be of the form "port:N": ${grpcEndpoint}`;
  }
  if (!grpcEndpoint) return `spec.grpcEndpoint ${REQUIRED}: port:N or unix:PATH`;
  if (storageHelper?.disabled === true || isPort || grpcEndpoint.startsWith('unix:')) return undefined;
  return `Invaid Endpoint: ${grpcEndpoint}`;
}

/** One volume holds the sockets, and it is mounted at one place. */
function socketProblem({ grpcDataEndpoint, grpcEndpoint }: RuntimeSpec): string | undefined {
  const directories = [grpcDataEndpoint, grpcEndpoint].flatMap((text) => {
    const endpoint = typeof text === 'string' ? parseEndpoint(text) : undefined;
    return endpoint?.kind === 'unix' ? [endpoint.directory] : [];
  });
  if (new Set(directories).size < 2) return undefined;
  return `Only one unix domain socket path is allowed. Found [${directories.join(' ')}]`;
}

function firstProblem<T>(
  items: readonly T[] | null | undefined,
  problemOf: (item: T) => string | undefined,
): string | undefined {
  for (const item of items ?? []) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
}
