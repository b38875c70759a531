import { join } from 'node:path';
import { loopbackAlias } from '@meshkeeper/settings';
import type { Container, Pod } from '../kube/objects.ts';
import type { ProcessSpec } from '../managed-process.ts';
import { resolveEnvironment, type Capacity, type LookUp, type Placement } from './environment.ts';
import { meshContainer, modelServerContainer, modelServerEnvironment, runtimeContainers } from './model-server.ts';
import { commandOf, modelServerProgram, programFor, type LocalProgram } from './programs.ts';
import { expandVariables, rewriteHosts, rewritePaths, type Rewrite } from './rewrite.ts';
import { mountsOf, parentsOf, type VolumeFolders } from './volumes.ts';

/** What the process of a container is made from, in addition to the container. */
export type ProcessContext = {
  readonly pod: Pod;
  readonly placement: Placement;
  readonly capacity: Capacity;
  readonly lookUp: LookUp;
  readonly folders: VolumeFolders;
  /** Takes the place of the volume of the Pod's sockets. */
  readonly sockets: string;
  readonly programs: readonly LocalProgram[];
  readonly programsRoot: string;
  /** Each container has a folder in it, in which its process runs. */
  readonly workFolders: string;
  readonly baseEnv: Readonly<Record<string, string>>;
  /** The sandbox's state folder. */
  readonly folder: string;
  readonly recordFolder: string;
};

type Variables = Readonly<Record<string, string>>;

/** The volume through which the containers of a serving Pod reach each other's sockets. */
const SOCKETS = 'domain-socket';

/**
 * What runs for a container; undefined when no local program replaces it.
 * @throws Error naming a variable that cannot be given, or a socket whose path is too long
 */
export async function containerProcess(spec: Container, context: ProcessContext): Promise<ProcessSpec | undefined> {
  const standIn = standInFor(spec, context.pod, context.programs);
  if (standIn !== undefined)
    return processSpec(
      spec,
      commandOf(standIn, context.programsRoot),
      await standInEnvironment(spec, context),
      context,
    );
  const program = programFor(spec, context.programs);
  if (program === undefined) return undefined;
  const variables = { ...program.env, ...(await variablesOf(spec, context)) };
  const rewrite = rewriteFor(spec, context);
  const command = [...commandOf(program, context.programsRoot), ...(spec.args ?? [])].map((text) =>
    rewrite(expandVariables(text, variables)),
  );
  return processSpec(spec, command, rewriteAll(variables, rewrite), context);
}

/**
 * The command that serves models in a Pod whose model server has no program here: it stands where the mesh dials, be that a
 * puller or an adapter, for those have nothing to speak to.
 */
export function standInFor(spec: Container, pod: Pod, programs: readonly LocalProgram[]): LocalProgram | undefined {
  if (spec.name !== modelServerContainer(pod)?.name) return undefined;
  const isWhole = [spec, ...runtimeContainers(pod)].every((each) => programFor(each, programs) !== undefined);
  return isWhole ? undefined : modelServerProgram(programs);
}

/**
 * A command of a container's hook or probe, outside of the container: with its variables, its paths and its `localhost`.
 * @throws Error naming a variable that cannot be given
 */
export async function containerCommand(
  command: readonly string[],
  spec: Container,
  context: ProcessContext,
): Promise<{ readonly command: readonly string[]; readonly env: Variables; readonly cwd: string }> {
  const variables = await variablesOf(spec, context);
  const rewrite = rewriteFor(spec, context);
  const env = { ...context.baseEnv, ...rewriteAll(variables, rewrite) };
  const cwd = join(context.workFolders, spec.name);
  return { command: command.map((word) => rewrite(expandVariables(word, variables))), env, cwd };
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
  const parents = new Map(parentsOf(mounts, folders.parents).map(({ mountPath, folder }) => [mountPath, folder]));
  const inHosts = rewriteHosts(loopbackAlias(placement.podIP));
  return (text) => parents.get(text) ?? inPaths(inHosts(text));
}

function rewriteAll(variables: Variables, rewrite: Rewrite): Variables {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, rewrite(value)]));
}

/** Where what a container says is kept, for as long as the sandbox is. */
export function containerLog(
  folder: string,
  { namespace, pod, container }: { readonly namespace: string; readonly pod: string; readonly container: string },
): string {
  return join(folder, 'logs', 'pods', `${namespace}_${pod}_${container}.log`);
}

function processSpec(
  { name: container }: Container,
  [program = '', ...args]: readonly string[],
  env: Variables,
  { pod, placement, workFolders, recordFolder, baseEnv, folder }: ProcessContext,
): ProcessSpec {
  const { namespace, name } = pod.metadata;
  return {
    name: `${namespace}/${name} ${container}`,
    command: program,
    args,
    cwd: join(workFolders, container),
    env: { ...baseEnv, ...env, DIAL_LOOPBACK_ALIAS: 'true', POD_LOCALHOST: loopbackAlias(placement.podIP) },
    logFile: containerLog(folder, { namespace, pod: name, container }),
    recordFolder,
  };
}
