import {
  decodeRecord,
  encodeRecord,
  failures,
  flag,
  integer,
  long,
  text,
  texts,
  times,
  type Extra,
  type Fields,
  type Parsed,
} from './record-codec.ts';

export type { Parsed } from './record-codec.ts';

/** Why a load failed on one instance, as the mesh's status replies give it, such as `INTERNAL: no such file`. */
export type ModelFailure = { readonly msg?: string };

/** `<root>/<kvPrefix>/<service>/registry/<modelId>`. Times are epoch milliseconds; the maps are keyed by instance id. */
export type ModelRecord = {
  readonly type: string;
  /** ModelInfo.key */
  readonly encKey: string;
  /** ModelInfo.path */
  readonly mPath: string;
  /** The record goes with its last reference. */
  readonly autoDel: boolean;
  /** Copies, by the start of their load; written before it. */
  readonly instanceIds: Readonly<Record<string, number>>;
  readonly failedIn: Readonly<Record<string, number>>;
  readonly fails: Readonly<Record<string, ModelFailure>>;
  /** How many VModels name it, as active or as target. */
  readonly refs: number;
  /** Last used. */
  readonly lu: bigint;
  /** Last unloaded. */
  readonly lul: bigint;
  /** Ours, unknown to the Java mesh, which keeps it: when the load of a copy was complete. Written by its holder. */
  readonly loadedIn: Readonly<Record<string, number>>;
  /** Ours too: when the latest retry began; failures before it belong to earlier attempts. 0 in a model never retried. */
  readonly attempt: number;
  readonly extra: Extra;
};

/** `<root>/<kvPrefix>/<service>/vmodels/<vModelId>` */
export type VModelRecord = {
  /** Owner; empty in a record written without one. */
  readonly o: string;
  /** The active model: requests go there. */
  readonly amid: string;
  /** The target; a transition is under way while it differs. */
  readonly tmid: string;
  /** The target could not be loaded. */
  readonly failed: boolean;
  readonly extra: Extra;
};

/** `<root>/<kvPrefix>/<service>/instances/<iid>`; hangs on the instance's lease. */
export type InstanceRecord = {
  readonly startTime: number;
  /** Build version, as epoch milliseconds. */
  readonly vers: number;
  /** The node's address. */
  readonly loc: string;
  readonly zone: string;
  /** Sorted. */
  readonly labels: readonly string[];
  readonly actionable: boolean;
  /** The oldest copy's last use; `NO_LRU_TIME` when there is none. */
  readonly lruTime: bigint;
  readonly count: number;
  /** Units of 8 KiB. */
  readonly cap: number;
  readonly used: number;
  /** Concurrent loads. */
  readonly lThreads: number;
  readonly lInProg: number;
  /** Requests a minute. */
  readonly rpm: number;
  /** Draining: place nothing there. */
  readonly shutdown: boolean;
  readonly extra: Extra;
};

/** Java's Long.MAX_VALUE. */
export const NO_LRU_TIME = 9_223_372_036_854_775_807n;

/** Jackson reads a record without `type` so. */
const UNTYPED = 'NLCLASSIFIER';

const modelFields: Fields<ModelRecord> = {
  type: { ...text, fallback: UNTYPED, always: true },
  encKey: text,
  mPath: text,
  autoDel: flag,
  instanceIds: times,
  failedIn: times,
  fails: failures,
  refs: integer,
  lu: long,
  lul: long,
  loadedIn: times,
  attempt: integer,
};

const vmodelFields: Fields<VModelRecord> = { o: text, amid: text, tmid: text, failed: flag };

const instanceFields: Fields<InstanceRecord> = {
  startTime: integer,
  vers: integer,
  loc: text,
  zone: text,
  labels: texts,
  actionable: flag,
  lruTime: long,
  count: integer,
  cap: integer,
  used: integer,
  lThreads: integer,
  lInProg: integer,
  rpm: integer,
  shutdown: flag,
};

export function parseModelRecord(json: string): Parsed<ModelRecord> {
  return decodeRecord(modelFields, json);
}

export function encodeModelRecord(record: ModelRecord): string {
  return encodeRecord(modelFields, record);
}

export function parseVModelRecord(json: string): Parsed<VModelRecord> {
  return decodeRecord(vmodelFields, json);
}

export function encodeVModelRecord(record: VModelRecord): string {
  return encodeRecord(vmodelFields, record);
}

export function parseInstanceRecord(json: string): Parsed<InstanceRecord> {
  return decodeRecord(instanceFields, json);
}

export function encodeInstanceRecord(record: InstanceRecord): string {
  return encodeRecord(instanceFields, record);
}
