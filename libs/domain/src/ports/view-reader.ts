import type { SourceState, ViewedObject } from './event-log.ts';

/** The view as a whole, for those who compare everything with everything. Throws CallError. */
export type ViewReader = {
  /** `Transient` with code `OtherForm` when a source is kept in another form than this program reads. */
  states(sources: readonly string[]): Promise<Readonly<Record<string, SourceState>>>;
  /** Each object once. A concurrent change may be seen or not. */
  objects(source: string): AsyncIterable<ViewedObject>;
  /** Which of these work keys are due, run, or were marked by a change less than `graceMs` ago. */
  busyKeys(keys: readonly string[], graceMs: number): Promise<ReadonlySet<string>>;
};
