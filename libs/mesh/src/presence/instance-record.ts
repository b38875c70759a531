import { NO_LRU_TIME, type InstanceRecord } from '@meshkeeper/modelmesh';
import type { HostSummary } from '../rules/host-limits.ts';
import { markOf } from '../rules/instance-mark.ts';
import type { MeshSettings } from '../settings/settings.ts';

/** `vers`: the original prefers newer builds for placement, and reads this as one. */
const BUILD_TIME = Date.UTC(2026, 0, 1);

export type InstanceFacts = {
  readonly settings: MeshSettings;
  readonly startTime: number;
  /** Nothing is to be placed here: it goes away, or its runtime is gone. */
  readonly closed: boolean;
  readonly summary: HostSummary;
  /** Requests a minute. */
  readonly rpm: number;
  /** `host:port` where other instances reach us. */
  readonly peer: string;
};

export function describeInstance({ settings, startTime, closed, summary, rpm, peer }: InstanceFacts): InstanceRecord {
  return {
    startTime,
    vers: BUILD_TIME,
    loc: settings.location,
    zone: settings.zone,
    labels: settings.labels,
    actionable: true,
    lruTime: summary.oldestUse === undefined ? NO_LRU_TIME : BigInt(summary.oldestUse),
    count: summary.models,
    cap: summary.capacityUnits,
    used: summary.usedUnits,
    lThreads: summary.threads,
    lInProg: summary.loading,
    rpm,
    shutdown: closed,
    extra: markOf(peer),
  };
}
