import assert from 'node:assert/strict';
import type { Pod, PodStatus } from '../kube/objects.ts';
import type { ContainerView } from './container.ts';
import { podStatus } from './pod-status.ts';

const spec = { name: 'main', image: 'an/image:1' };
const pod: Pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [spec] },
  status: { conditions: [{ type: 'Foreign', status: 'True' }] },
};
const placement = { podIP: '10.64.0.10', hostIP: '10.64.0.1', nodeName: 'sandbox' };
const view: ContainerView = {
  spec,
  state: { running: { startedAt: 'T1' } },
  lastState: {},
  ready: true,
  restartCount: 2,
};

function statusOf(containers: readonly ContainerView[], before: PodStatus = {}, now = 'T2'): PodStatus {
  return podStatus({ pod, before, placement, containers, now });
}

test('a Pod without containers yet is pending and creates them', () => {
  const status = podStatus({ pod, before: {}, placement, containers: [], problem: 'Secret x is missing', now: 'T0' });
  assert.equal(status.phase, 'Pending');
  const ready = status.conditions?.find((condition) => condition.type === 'Ready');
  const message = 'containers with unready status: [main]; Secret x is missing';
  assert.deepEqual(ready, {
    type: 'Ready',
    status: 'False',
    reason: 'ContainersNotReady',
    message,
    lastTransitionTime: 'T0',
  });
  assert.deepEqual(
    status.containerStatuses?.map((container) => container.state),
    [{ waiting: { reason: 'ContainerCreating' } }],
  );
});

test('a Pod whose containers are ready is ready, and keeps the conditions of others', () => {
  const time = { status: 'True', lastTransitionTime: 'T2' };
  assert.deepEqual(statusOf([view]), {
    phase: 'Running',
    podIP: '10.64.0.10',
    podIPs: [{ ip: '10.64.0.10' }],
    hostIP: '10.64.0.1',
    hostIPs: [{ ip: '10.64.0.1' }],
    startTime: 'T2',
    conditions: [
      { type: 'Foreign', status: 'True' },
      { type: 'PodScheduled', ...time },
      { type: 'Initialized', ...time },
      { type: 'ContainersReady', ...time },
      { type: 'Ready', ...time },
    ],
    containerStatuses: [
      {
        name: 'main',
        image: 'an/image:1',
        imageID: 'local://an/image:1',
        containerID: 'local://u/main/2',
        ready: true,
        started: true,
        restartCount: 2,
        state: { running: { startedAt: 'T1' } },
        lastState: {},
      },
    ],
  });
});

test('times stay while a condition does, so that equal containers give an equal status', () => {
  const first = statusOf([view], {}, 'T2');
  assert.deepEqual(statusOf([view], first, 'T3'), first);
  const unready = statusOf([{ ...view, ready: false }], first, 'T3');
  const times = Object.fromEntries(
    (unready.conditions ?? []).map((condition) => [condition.type, condition.lastTransitionTime]),
  );
  assert.deepEqual(times, {
    Foreign: undefined,
    PodScheduled: 'T2',
    Initialized: 'T2',
    ContainersReady: 'T3',
    Ready: 'T3',
  });
  assert.equal(unready.startTime, 'T2');
});
