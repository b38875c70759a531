import type { Reason } from '../reasons/reasons.ts';

/** What has to be so before a model is served, in this order. */
export const GATES = ['object', 'namespace', 'runtime', 'storage', 'pods', 'registered', 'loading', 'loaded'] as const;
export type GateName = (typeof GATES)[number];

/** What was found at one gate, looked at alone. */
export type Finding = {
  /** `unknown` while a source is not listed whole: absence proves nothing then. */
  readonly state: 'passed' | 'open' | 'unknown';
  /** Of an open gate. */
  readonly reason?: Reason;
  readonly message: string;
  /** One for each runtime, or for each copy. */
  readonly details?: readonly Detail[];
};

export type Detail = { readonly about: string; readonly says: string };

/** One line of the checklist. Behind the first open one all are `waiting`. */
export type Gate = Omit<Finding, 'state'> & {
  readonly name: GateName;
  readonly state: Finding['state'] | 'waiting';
};

export function passed(message: string, details?: readonly Detail[]): Finding {
  return { state: 'passed', message, ...(details && { details }) };
}

export function open(reason: Reason, message: string, details?: readonly Detail[]): Finding {
  return { state: 'open', reason, message, ...(details && { details }) };
}

export function unknown(message: string): Finding {
  return { state: 'unknown', message };
}
