import type { Memory } from '../snapshot/memory.ts';
import type { CallError } from '../reasons/call-error.ts';
import type { Reason } from '../reasons/reasons.ts';
import type { JsonObject } from '../objects/reduce.ts';

/** A Kubernetes Event about the object of the key; sent on transitions only. */
export type ReportedEvent = {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly message: string;
  /** Not about the key's object, but about the ConfigMap of the configuration. */
  readonly about?: 'config';
};

export type Report = {
  /** The status wanted, whole; undefined where the object has none, or is gone. Written only when it differs from the live one. */
  readonly status: JsonObject | undefined;
  readonly events: readonly ReportedEvent[];
  /** Look again after so many ms; undefined for only when something changes. */
  readonly lookAgainMs: number | undefined;
  /** The one word for how this run ended. */
  readonly reason: Reason | 'UpToDate';
  /** Nothing is left to do for this key. */
  readonly gone: boolean;
  /** For the key's next run; undefined leaves what is there. */
  readonly memory: Memory | undefined;
  /** A failure that the status does not explain: it decides when the key runs again. */
  readonly error: CallError | undefined;
};

export const NOTHING_TO_REPORT: Report = {
  status: undefined,
  events: [],
  lookAgainMs: undefined,
  reason: 'UpToDate',
  gone: false,
  memory: undefined,
  error: undefined,
};
