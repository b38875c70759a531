/** The three queues. BullMQ puts the prefix and a colon before each name. */
export type QueueNames = { readonly main: string; readonly timers: string; readonly dead: string };

export const QUEUE_NAMES: QueueNames = { main: 'reconcile', timers: 'reconcile-timers', dead: 'reconcile-dead' };

/** What a timer carries: when a later run of the key has decided again, a timer of an earlier one is dropped. */
export type TimerData = { readonly key: string; readonly fencingToken?: number };
export type JobData = { readonly key: string };
export type DeadData = {
  readonly key: string;
  readonly failures: number;
  readonly error: string;
  readonly since: number;
};
