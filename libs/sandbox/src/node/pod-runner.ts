import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeTransport } from '@meshkeeper/kubernetes';
import { loopbackAlias } from '@meshkeeper/settings';
import type { Container, Pod, PodStatus } from '../kube/objects.ts';
import { runContainer, timestamp, type ContainerView, type RunningContainer } from './container.ts';
import type { Capacity, LookUp, Placement } from './environment.ts';
import { containerCommand, containerProcess, standInFor, type ProcessContext } from './container-process.ts';
import { modelServerContainer } from './model-server.ts';
import { podStatus } from './pod-status.ts';
import type { LocalProgram } from './programs.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';
import { claimsIn, linkParents, lookUpIn, writeVolumes, type ClaimCheck, type VolumeFolders } from './volumes.ts';

/** What all Pods of a node share. */
export type PodSurroundings = {
  readonly client: KubeTransport;
  /** The sandbox's state folder. */
  readonly folder: string;
  readonly capacity: Capacity;
  readonly programs: readonly LocalProgram[];
  /** Relative paths of local programs are below it. */
  readonly programsRoot: string;
  /** What every local program gets in addition to its own variables. */
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly recordFolder: string;
  readonly log: (line: string) => void;
};

/** Secrets and ConfigMaps of running Pods are looked at again this often; a kubelet takes about a minute. */
const REFRESH_MS = 5_000;
const VOLUME_RETRY_MS = 500;
/** A claim is looked up once: what is mounted stays so while the Pod runs. */
const STAYS_MOUNTED: ClaimCheck = async () => true;

/** Runs one Pod from the moment it is bound until it is gone. */
export class PodRunner {
  readonly placement: Placement;
  #pod: Pod;
  /** As it was when this node first saw the Pod: says what ran in an earlier life. */
  readonly #found: PodStatus;
  #containers: readonly RunningContainer[] = [];
  #problem: string | undefined;
  readonly #around: PodSurroundings;
  readonly #abort = new AbortController();
  readonly #status: StatusWriter;
  readonly #lookUp: LookUp;
  readonly #claimExists: ClaimCheck;
  readonly #folders: VolumeFolders;
  #done: Promise<void> = Promise.resolve();
  #ending: Promise<void> | undefined;

  constructor(pod: Pod, placement: Placement, around: PodSurroundings) {
    this.#pod = pod;
    this.#found = pod.status;
    this.placement = placement;
    this.#around = around;
    this.#lookUp = lookUpIn(around.client, pod.metadata.namespace);
    this.#claimExists = claimsIn(around.client, pod.metadata.namespace);
    const at = (name: string): string => join(this.#folder(), name);
    this.#folders = { volumes: at('volumes'), claims: join(around.folder, 'claims'), parents: at('parents') };
    this.#status = createStatusWriter(around.client, pod, (written) => {
      const containers = this.#containers.map((container) => container.view());
      const problem = this.#problem === undefined ? {} : { problem: this.#problem };
      const before = written ?? this.#pod.status;
      return podStatus({ pod: this.#pod, before, placement, containers, ...problem, now: timestamp() });
    });
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The containers that are local processes now. */
  processes(): readonly { readonly container: string; readonly pid: number }[] {
    return this.#containers.flatMap((running) => {
      const { spec, state, pid } = running.view();
      return pid === undefined || state.running === undefined ? [] : [{ container: spec.name, pid }];
    });
  }

  /** What is known of a container; undefined when the Pod has none of this name, or has not started it. */
  container(name: string): ContainerView | undefined {
    return this.#containers.map((running) => running.view()).find(({ spec }) => spec.name === name);
  }

  start(): void {
    // Written before anything runs: a Pod of an earlier life still says that it is ready.
    this.#status.touch();
    this.#done = this.#run().catch((error: unknown) => this.#say(`failed: ${(error as Error).message}`));
  }

  /** A newer version of the same Pod was seen. */
  observe(pod: Pod): void {
    this.#pod = pod;
  }

  /** Ends its processes, each within the grace period. Safe to call twice: the shortest period does not win, the first does. */
  end(graceMs: number): Promise<void> {
    this.#ending ??= this.#end(graceMs);
    return this.#ending;
  }

  async #end(graceMs: number): Promise<void> {
    this.#abort.abort();
    await this.#done;
    await this.#stopContainers(graceMs);
    await this.#status.idle();
  }

  /** What serves the models goes last, as it does by its preStop hook in a cluster: the mesh drains by its help. */
  async #stopContainers(graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs;
    const isLast = (each: RunningContainer): boolean => each.view().spec.name === modelServerContainer(this.#pod)?.name;
    for (const last of [false, true]) {
      const leftMs = Math.max(0, deadline - performance.now());
      await Promise.all(this.#containers.filter((each) => isLast(each) === last).map((each) => each.stop(leftMs)));
    }
  }

  /** Removes what it left on disk; logs stay. */
  async forget(): Promise<void> {
    for (const folder of [this.#folder(), this.#sockets()]) await rm(folder, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    if (!(await this.#fillVolumes())) return;
    await mkdir(this.#sockets(), { recursive: true });
    for (const { name } of this.#pod.spec.containers) await mkdir(join(this.#workFolders(), name), { recursive: true });
    await linkParents(this.#pod, this.#folders);
    this.#containers = this.#pod.spec.containers.map((spec) => this.#runContainer(spec));
    this.#status.touch();
    void this.#refresh();
  }

  /** @returns false when the Pod ended before its volumes could be filled. */
  async #fillVolumes(): Promise<boolean> {
    const said = new Set<string>();
    while (!this.#abort.signal.aborted) {
      const missing = await writeVolumes(this.#pod, this.#folders, this.#lookUp, this.#claimExists).catch(
        (error: unknown) => ({
          waitFor: [(error as Error).message],
          empty: [],
        }),
      );
      for (const sentence of [...missing.waitFor, ...missing.empty]) if (!said.has(sentence)) this.#say(sentence);
      for (const sentence of [...missing.waitFor, ...missing.empty]) said.add(sentence);
      this.#problem = missing.waitFor.length === 0 ? undefined : missing.waitFor.join(', ');
      if (this.#problem === undefined) return true;
      this.#status.touch();
      await sleep(VOLUME_RETRY_MS, undefined, { signal: this.#abort.signal }).catch(() => {});
    }
    return false;
  }

  async #refresh(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await sleep(REFRESH_MS, undefined, { signal }).catch(() => {});
      // The server may be away for a moment; the next round will do.
      if (!signal.aborted) await writeVolumes(this.#pod, this.#folders, this.#lookUp, STAYS_MOUNTED).catch(() => {});
    }
  }

  #runContainer(spec: Container): RunningContainer {
    const before = this.#found.containerStatuses?.find((status) => status.name === spec.name);
    // A container that ran before this node process began is started again: that is one restart more.
    const ranBefore = before?.state?.running !== undefined || before?.state?.terminated !== undefined;
    const { readinessProbe: _readiness, livenessProbe: _liveness, startupProbe: _startup, ...unprobed } = spec;
    // What replaces a model server does not know the probes of that one.
    const container = standInFor(spec, this.#pod, this.#around.programs) === undefined ? spec : unprobed;
    const localCommand = (command: readonly string[]) => containerCommand(command, spec, this.#processContext());
    return runContainer({
      spec: container,
      target: { host: loopbackAlias(this.placement.podIP), container, localCommand },
      process: () => containerProcess(spec, this.#processContext()),
      restartCount: (before?.restartCount ?? 0) + (ranBefore ? 1 : 0),
      onChange: () => this.#status.touch(),
    });
  }

  #processContext(): ProcessContext {
    const { placement } = this;
    return {
      ...this.#around,
      pod: this.#pod,
      placement,
      lookUp: this.#lookUp,
      folders: this.#folders,
      sockets: this.#sockets(),
      workFolders: this.#workFolders(),
    };
  }

  #folder(): string {
    const { namespace, name, uid } = this.#pod.metadata;
    return join(this.#around.folder, 'pods', `${namespace}_${name}_${uid}`);
  }

  /** Servers write files into the folder that they run in: it is not the user's. */
  #workFolders(): string {
    return join(this.#folder(), 'work');
  }

  /** Apart from the other volumes and short: a socket's path has to be. */
  #sockets(): string {
    return join(this.#around.folder, 'sockets', this.#pod.metadata.uid.slice(0, 8));
  }

  #say(what: string): void {
    this.#around.log(`pod ${this.#pod.metadata.namespace}/${this.#pod.metadata.name}: ${what}`);
  }
}
