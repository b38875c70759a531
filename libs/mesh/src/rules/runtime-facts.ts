import { CallError } from '@meshkeeper/domain';
import type { RuntimeStatusResponse } from '@meshkeeper/modelmesh';

/** What a ready model server says of itself, once. */
export type RuntimeFacts = {
  readonly capacityBytes: number;
  readonly maxLoadingConcurrency: number;
  readonly loadTimeoutMs: number;
  /** Reserved for a model of which nothing better is known. */
  readonly defaultSizeBytes: number;
  readonly version: string;
  /** By `package.Service/Method`: the field numbers that lead to where the model's id goes; empty for nowhere. */
  readonly methods: ReadonlyMap<string, readonly number[]>;
  readonly limitModelConcurrency: boolean;
  /** Otherwise `methods`, unless empty, is all that is allowed. */
  readonly allowAnyMethod: boolean;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const FALLBACK_LOAD_TIMEOUT_MS = 240_000;
const LEAST_LOAD_TIMEOUT_MS = 100;
const LEAST_DEFAULT_SIZE = 8 * KIB;

/** @throws CallError naming the field, what it is and what it has to be */
export function factsOf(status: RuntimeStatusResponse): RuntimeFacts {
  const facts = {
    capacityBytes: Number(status.capacityInBytes),
    maxLoadingConcurrency: status.maxLoadingConcurrency,
    loadTimeoutMs: status.modelLoadingTimeoutMs === 0 ? FALLBACK_LOAD_TIMEOUT_MS : status.modelLoadingTimeoutMs,
    defaultSizeBytes: Number(status.defaultModelSizeInBytes),
    version: status.runtimeVersion,
    methods: new Map(Object.entries(status.methodInfos).map(([name, info]) => [name, info.idInjectionPath])),
    limitModelConcurrency: status.limitModelConcurrency,
    allowAnyMethod: status.allowAnyMethod,
  };
  atLeast('maxLoadingConcurrency', facts.maxLoadingConcurrency, 1);
  atLeast('modelLoadingTimeoutMs', facts.loadTimeoutMs, LEAST_LOAD_TIMEOUT_MS);
  atLeast('defaultModelSizeInBytes', facts.defaultSizeBytes, LEAST_DEFAULT_SIZE);
  atLeast('capacityInBytes', facts.capacityBytes, leastCapacity(facts.defaultSizeBytes));
  return facts;
}

/** Room for ten models, or for two when they are large. */
function leastCapacity(defaultSizeBytes: number): number {
  return Math.max(2 * defaultSizeBytes, Math.min(512 * MIB, 10 * defaultSizeBytes));
}

function atLeast(field: string, value: number, least: number): void {
  if (value >= least) return;
  const message = `The model server says ${field} ${value}, which has to be at least ${least}`;
  throw new CallError('Terminal', message, { code: 'INVALID_ARGUMENT' });
}
