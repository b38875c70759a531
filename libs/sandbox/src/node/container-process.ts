import { join } from 'node:path';
import type { Container, Pod } from '../kube/objects.ts';
import type { ProcessSpec } from '../managed-process.ts';
import { twinOf } from './address-pool.ts';
import { resolveEnvironment, type Capacity, type LookUp, type Placement } from './environment.ts';
import { meshContainer, modelServerContainer, modelServerEnvironment } from './model-server.ts';
import { modelServerProgram, programFor, type LocalProgram } from './programs.ts';
import { expandVariables, rewriteHosts, rewritePaths, type Rewrite } from './rewrite.ts';
import { mountsOf, type VolumeFolders } from './volumes.ts';

/** What the process of a container is made from, besides the container. */
export type ProcessContext = {
  readonly pod: Pod;
  readonly placement: Placement;
  readonly capacity: Capacity;
  readonly lookUp: LookUp;
  readonly folders: VolumeFolders;
  /** Stands for the volume of the Pod's sockets. */
  readonly sockets: string;
  readonly programs: readonly LocalProgram[];
  readonly programsRoot: string;
  readonly baseEnv: Readonly<Record<string, string>>;
  /** The sandbox's state folder. */
  readonly folder: string;
  readonly recordFolder: string;
};

type Variables = Readonly<Record<string, string>>;

/** The volume through which the containers of a serving Pod reach each other's sockets. */
const SOCKETS = 'domain-socket';

/**
 * What runs for a container; undefined when no local program stands in for it.
 * @throws Error naming a variable that cannot be given, or a socket whose path is too long
 */
export async function containerProcess(spec: Container, context: ProcessContext): Promise<ProcessSpec | undefined> {
  const standIn = standInFor(spec, context.pod, context.programs);
  if (standIn !== undefined) return processSpec(spec, standIn, await standInEnvironment(spec, context), context);
  const command = programFor(spec.image, context.programs);
  if (command === undefined) return undefined;
  const variables = await variablesOf(spec, context);
  const rewrite = rewriteFor(spec, context);
  const args = (spec.args ?? []).map((text) => rewrite(expandVariables(text, variables)));
  return processSpec(spec, [...command, ...args], rewriteAll(variables, rewrite), context);
}

/** The command that serves models in the place of a container for which there is no program of its own. */
export function standInFor(
  spec: Container,
  pod: Pod,
  programs: readonly LocalProgram[],
): readonly string[] | undefined {
  const isPlace = spec.name === modelServerContainer(pod)?.name;
  return isPlace && programFor(spec.image, programs) === undefined ? modelServerProgram(programs) : undefined;
}

/** Its own, so that a runtime's spec can tune the stand-in, and where the mesh dials. */
async function standInEnvironment(spec: Container, context: ProcessContext): Promise<Variables> {
  const { pod, placement } = context;
  const environment = async (each: Container): Promise<Variables> =>
    rewriteAll(await variablesOf(each, context), rewriteFor(each, context));
  const [own, mesh] = [await environment(spec), await environment(meshContainer(pod) ?? spec)];
  return { ...own, ...modelServerEnvironment(mesh, pod.metadata.name, placement.podIP) };
}

function variablesOf(container: Container, { pod, placement, capacity, lookUp }: ProcessContext): Promise<Variables> {
  return resolveEnvironment({ pod, container, placement, capacity, lookUp });
}

function rewriteFor(spec: Container, { pod, placement, folders, sockets }: ProcessContext): Rewrite {
  const volume = join(folders.volumes, SOCKETS);
  const mounts = mountsOf(pod, spec, folders);
  const inPaths = rewritePaths(
    mounts.map((mount) => (mount.folder === volume ? { ...mount, folder: sockets } : mount)),
  );
  const inHosts = rewriteHosts(twinOf(placement.podIP));
  return (text) => inPaths(inHosts(text));
}

function rewriteAll(variables: Variables, rewrite: Rewrite): Variables {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, rewrite(value)]));
}

function processSpec(
  { name: container }: Container,
  [program = '', ...args]: readonly string[],
  env: Variables,
  { pod, programsRoot, recordFolder, baseEnv, folder }: ProcessContext,
): ProcessSpec {
  const { namespace, name } = pod.metadata;
  return {
    name: `${namespace}/${name} ${container}`,
    command: program,
    args,
    cwd: programsRoot,
    env: { ...baseEnv, ...env, DIAL_LOOPBACK_TWIN: 'true' },
    logFile: join(folder, 'logs', 'pods', `${namespace}_${name}_${container}.log`),
    recordFolder,
  };
}
