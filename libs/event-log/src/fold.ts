import type { LoggedEntry } from '@meshkeeper/domain';

/** One entry of the log as read from the stream. */
export type LogEntry = LoggedEntry & { readonly epoch: string };

/** Source, then object, then `revision body` as the view keeps it. */
export type View = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Folds entries, oldest first, into the view that they leave: the same view that the recording script keeps. */
export function foldLog(entries: Iterable<LogEntry>): View {
  const view = new Map<string, Map<string, string>>();
  for (const entry of entries) {
    const objects = view.get(entry.source) ?? new Map<string, string>();
    view.set(entry.source, objects);
    if (entry.kind === 'put') objects.set(entry.object, `${entry.revision} ${entry.body}`);
    else if (entry.kind === 'absent') objects.delete(entry.object);
  }
  return view;
}

/** A stream entry of Redis, `[id, [field, value, …]]`, as a LogEntry. */
export function parseLogEntry([id, fields]: readonly [string, readonly string[]]): LogEntry {
  const value = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
  return {
    id,
    source: value('source'),
    epoch: value('epoch'),
    object: value('object'),
    revision: value('revision'),
    kind: value('op') as LogEntry['kind'],
    body: value('body'),
    effect: value('effect'),
  };
}
