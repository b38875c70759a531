import type { RuntimeLimits } from '../capacity.ts';
import type { ClusterView, InstanceView } from '../cluster-view.ts';
import type { CopiedModel } from '../plan-copies.ts';

/** Objects with every field filled, so that a case shows only what matters to it. */

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const NOW = Date.UTC(2026, 3, 1, 12);
/** In units. */
export const MIB = 128;

export function limits(parts: Partial<RuntimeLimits> = {}): RuntimeLimits {
  return { capacityUnits: 1_024 * MIB, defaultUnits: 50 * MIB, threads: 6, loadTimeoutMs: 90_000, ...parts };
}

export function instance(id: string, parts: Partial<InstanceView> = {}): InstanceView {
  return {
    id,
    labels: [],
    zone: 'z1',
    node: `node-of-${id}`,
    draining: false,
    capacity: 1_000 * MIB,
    used: 0,
    models: 0,
    threads: 6,
    loading: 0,
    rpm: 0,
    ...parts,
  };
}

export function cluster(instances: readonly InstanceView[], parts: Partial<ClusterView> = {}): ClusterView {
  return {
    instances,
    types: { requiredLabels: () => [] },
    defaultUnits: 10 * MIB,
    loadTimeoutMs: 90_000,
    ...parts,
  };
}

export function model(id: string, parts: Partial<CopiedModel> = {}): CopiedModel {
  return {
    id,
    type: 'onnx',
    units: MIB,
    lastUsed: NOW,
    copies: [],
    failures: [],
    rpm: 0,
    wanted: false,
    ...parts,
  };
}

/** Copies that have been loaded for long. */
export function loadedOn(...instances: readonly string[]): CopiedModel['copies'] {
  return instances.map((instance) => ({ instance, since: NOW - 5 * HOUR, loadedAt: NOW - 5 * HOUR + 1_000 }));
}
