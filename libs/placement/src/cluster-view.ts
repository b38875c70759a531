import { fullBelow } from './capacity.ts';

/** What placement knows of one live instance; most of it is in the instance's record. Sizes in units. */
export type InstanceView = {
  readonly id: string;
  readonly labels: readonly string[];
  readonly zone: string;
  readonly node: string;
  readonly draining: boolean;
  /** Soon to be replaced, as by a newer ReplicaSet: used only when there is nothing else. */
  readonly leaving?: boolean;
  /** Without the unload buffer. */
  readonly capacity: number;
  readonly used: number;
  /** When its least recently used model was used; absent while it holds none. */
  readonly oldestUse?: number | undefined;
  /** Models that it holds or is assigned. */
  readonly models: number;
  /** Its concurrent loads. */
  readonly threads: number;
  /** Loads that run or wait there. */
  readonly loading: number;
  /** Requests a minute. */
  readonly rpm: number;
};

export type TypeRules = {
  /** An instance must have all of them to hold models of the type. */
  requiredLabels(type: string): readonly string[];
  /** Instances with any of them come first. */
  preferredLabels?(type: string): readonly string[];
};

export type ClusterView = {
  readonly instances: readonly InstanceView[];
  readonly types: TypeRules;
  /** The default size of a model at these instances. */
  readonly defaultUnits: number;
  readonly loadTimeoutMs: number;
};

export type CopyView = {
  readonly instance: string;
  /** When it was assigned. */
  readonly since: number;
  /** Absent while it loads. */
  readonly loadedAt?: number | undefined;
};

export type ModelView = {
  readonly id: string;
  readonly type: string;
  /** Its true size where a copy is loaded, else the predicted one. */
  readonly units: number;
  readonly lastUsed: number;
  readonly copies: readonly CopyView[];
  /** Failed loads of the attempt that counts now. */
  readonly failures: readonly { readonly instance: string; readonly at: number }[];
};

export function mayHold(instance: InstanceView, requiredLabels: readonly string[]): boolean {
  return requiredLabels.every((label) => instance.labels.includes(label));
}

export function freeUnits(instance: InstanceView): number {
  return instance.capacity - instance.used;
}

export function isFull(instance: InstanceView, { defaultUnits }: Pick<ClusterView, 'defaultUnits'>): boolean {
  const { capacity: capacityUnits, threads } = instance;
  return freeUnits(instance) < fullBelow({ capacityUnits, defaultUnits, threads });
}
