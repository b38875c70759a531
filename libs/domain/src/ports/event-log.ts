/**
 * One object's new reduced body, or its absence, at one revision, with all that is derived from it when it is recorded.
 * Everything is text, since the recording script compares and stores, and never interprets.
 */
export type Change = {
  /** `note` is logged and changes nothing: an effect whose result is not known yet. */
  readonly op: 'put' | 'absent' | 'note';
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  readonly name: string;
  /** A resourceVersion or mod_revision: decimal digits of any length. */
  readonly revision: string;
  /** The reduced body as JSON; empty when absent. */
  readonly body: string;
  /** What others' plans need of this object, as JSON; empty when it has none. */
  readonly facts: string;
  /** The facts count only where none are stored: those of an earlier change stay. */
  readonly fallbackFacts?: boolean;
  /** Work keys that every change of this object wakes. They own it: their snapshots hold its body. */
  readonly keys: readonly string[];
  /** Work keys, or patterns of them, that it wakes only when its facts change. */
  readonly wakes: readonly string[];
  /** `index member` pairs: where patterns find what this object makes known. */
  readonly indexes: readonly string[];
};

/** A state of a server: its head revision, and the identity that a replaced server would not have. */
export type ServerHead = { readonly identity: string; readonly head: string };

/** One source as a server shows it. Every method throws CallError; `Gone` from `watch` means the revision is too old: list again. */
export type SourceFeed = {
  readonly source: string;
  /** A linearizable read. */
  readHead(signal: AbortSignal): Promise<ServerHead>;
  /** All objects at one revision, in pages. */
  list(signal: AbortSignal): AsyncIterable<{ readonly revision: string; readonly changes: readonly Change[] }>;
  /** What comes after `from`, in order; `to` is the revision reached. A batch without changes only moves `to`. */
  watch(from: string, signal: AbortSignal): AsyncIterable<{ readonly to: string; readonly changes: readonly Change[] }>;
};

/** Puts due work keys into the queue. Throws CallError; what was not queued is found by the sweeper. */
export type DueKeys = { enqueue(keys: readonly string[]): Promise<void> };

export type Lease = { readonly jobId: string; readonly token: string };

export type Run = {
  /** The due count at the beginning: what this run will have seen. */
  readonly dueCount: number;
  /** Rises with every run of the key. */
  readonly fencingToken: number;
  /** Failed runs in a row before this one. */
  readonly failures: number;
  /** Those of them since the key was last marked: they decide the next pause. */
  readonly streak: number;
  /** When the key was first marked since its last finished run, epoch ms; undefined for a repeated or timed run. */
  readonly markedAt: number | undefined;
  /** Ids of the log entries that made the key due, newest first, 32 at most. */
  readonly cause: readonly string[];
  /** What the last finished run left for this one, as JSON; empty for nothing. Lost with Redis. */
  readonly memory: string;
};

export type RunEnd = {
  readonly ok: boolean;
  /** Empty when ok. */
  readonly error: string;
  /** When the key is due again although nothing marked it, epoch ms; 0 for never. */
  readonly deadline: number;
  /** Nothing is left to do for this key: forget its state. */
  readonly gone: boolean;
  /** For the next run; undefined leaves what is there. */
  readonly memory?: string;
};

export type BeginAnswer = { readonly status: 'ok'; readonly run: Run } | { readonly status: 'lost' | 'busy' | 'idle' };
export type FinishAnswer = { readonly status: 'ok' | 'lost'; readonly behind: boolean; readonly failures: number };

/** Who runs which key, and what each run has seen. */
export type RunLedger = {
  /** `forced` begins a run although nothing is due: a repeated job, or a timer. */
  begin(key: string, lease: Lease, forced: boolean): Promise<BeginAnswer>;
  finish(key: string, lease: Lease, run: Run, end: RunEnd): Promise<FinishAnswer>;
  /** The fencing token of the key's latest run; 0 when none is remembered. */
  latestRun(key: string): Promise<number>;
  /** Keys past their deadline that no job represents; empty when another process swept a moment ago. */
  sweep(): Promise<readonly string[]>;
};

/** An own object of a work key as the view holds it. */
export type ViewedObject = {
  readonly source: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: string;
  readonly body: unknown;
};

export type SourceState = { readonly epoch: string; readonly cursor: string; readonly complete: boolean };

export type GatherRequest = {
  readonly key: string;
  readonly sources: readonly string[];
  /** Facts of all objects of a namespace, or of the named one alone. */
  readonly facts: readonly FactsQuestion[];
  /** Objects read by name although the key does not own them. */
  readonly objects: readonly { readonly source: string; readonly namespace: string; readonly name: string }[];
  readonly indexes: readonly string[];
  /** Indexes that a field of an object's facts names; answered after the others, empty where there are no such facts. */
  readonly factIndexes?: readonly FactIndex[];
};

type FactIndex = {
  readonly source: string;
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
};

type FactsQuestion = {
  readonly source: string;
  readonly namespace: string;
  readonly name?: string;
  /** Not wanted, and answered as none, where this index has members. */
  readonly unless?: FactIndex;
};

/** What one atomic read of the view gave. `facts` are in the order of the request, by object name. */
export type Gathered = {
  /** The key's own objects, and those requested by name. */
  readonly objects: readonly ViewedObject[];
  readonly sources: Readonly<Record<string, SourceState>>;
  readonly facts: readonly Readonly<Record<string, unknown>>[];
  /** Members of the indexes, in the order of the request. */
  readonly indexes: readonly (readonly string[])[];
};

/** A write that a run made, or tried to make, as the log keeps it. */
export type Effect = {
  readonly key: string;
  readonly fencingToken: number;
  readonly write: string;
  readonly reason: string;
  readonly outcome: string;
  readonly cause: readonly string[];
};

export type EffectLog = {
  /**
   * Logs one effect and folds what it left behind into the view, if `epoch` is still the source's. Returns the other keys that
   * it made due.
   */
  recordEffect(source: string, epoch: string, effect: Effect, change: Change): Promise<readonly string[]>;
};
