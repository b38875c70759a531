import type { Condition, ContainerStatus, Pod, PodStatus } from '../kube/objects.ts';
import type { ContainerView } from './container.ts';
import type { Placement } from './environment.ts';

export type PodStatusInput = {
  readonly pod: Pod;
  /** The status that was written last, or else found: times of what did not change are kept. */
  readonly before: PodStatus;
  readonly placement: Placement;
  readonly containers: readonly ContainerView[];
  /** Says why containers are not started yet. */
  readonly problem?: string;
  readonly now: string;
};

/** Conditions that the node sets; those of others are kept. */
const OURS = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'];

/** The status of a Pod as a kubelet would write it. Pure: equal input gives an equal status. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, placement, containers } = input;
  const unready = containers.filter((container) => !container.ready).map((container) => container.spec.name);
  const started =
    containers.length > 0 && containers.every((container) => container.state.waiting?.reason !== 'ContainerCreating');
  return {
    phase: started ? 'Running' : 'Pending',
    podIP: placement.podIP,
    podIPs: [{ ip: placement.podIP }],
    hostIP: placement.hostIP,
    hostIPs: [{ ip: placement.hostIP }],
    startTime: input.before.startTime ?? input.now,
    conditions: conditions(
      input,
      containers.length > 0 ? unready : pod.spec.containers.map((container) => container.name),
    ),
    containerStatuses:
      containers.length > 0
        ? containers.map((container) => containerStatus(pod, container))
        : pod.spec.containers.map((spec) => creating(pod, spec)),
  };
}

function conditions(input: PodStatusInput, unready: readonly string[]): readonly Condition[] {
  const before = input.before.conditions ?? [];
  const ready =
    unready.length === 0
      ? { status: 'True' }
      : {
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]${because(input.problem)}`,
        };
  const wanted: readonly Condition[] = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', ...ready },
    { type: 'Ready', ...ready },
  ];
  const kept = (input.pod.status.conditions ?? []).filter((condition) => !OURS.includes(condition.type));
  return [...kept, ...wanted.map((condition) => withTime(condition, before, input.now))];
}

function because(problem: string | undefined): string {
  return problem === undefined ? '' : `; ${problem}`;
}

/** The time of a condition moves only with its status. */
function withTime(condition: Condition, before: readonly Condition[], now: string): Condition {
  const same = before.find((each) => each.type === condition.type && each.status === condition.status);
  return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now };
}

function containerStatus(pod: Pod, container: ContainerView): ContainerStatus {
  const { spec, state, lastState, ready, restartCount } = container;
  return {
    name: spec.name,
    image: spec.image,
    imageID: `local://${spec.image}`,
    containerID: `local://${pod.metadata.uid}/${spec.name}/${restartCount}`,
    ready,
    started: state.running !== undefined,
    restartCount,
    state,
    lastState,
  };
}

function creating(pod: Pod, spec: Pod['spec']['containers'][number]): ContainerStatus {
  const before = pod.status.containerStatuses?.find((each) => each.name === spec.name);
  return {
    name: spec.name,
    image: spec.image,
    imageID: '',
    ready: false,
    started: false,
    restartCount: before?.restartCount ?? 0,
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: {},
  };
}
