/** One entry of the log as read from the stream. */
export type LogEntry = {
  /** Milliseconds and a counter: `1700000000000-0`. */
  readonly id: string;
  readonly source: string;
  readonly epoch: string;
  /** `namespace/name`. */
  readonly object: string;
  readonly revision: string;
  readonly kind: 'put' | 'absent' | 'note';
  /** JSON; empty for an absence. */
  readonly body: string;
  /** JSON of an Effect; empty for what was observed. */
  readonly effect: string;
};

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
    source: value('s'),
    epoch: value('e'),
    object: value('o'),
    revision: value('r'),
    kind: value('k') as LogEntry['kind'],
    body: value('b'),
    effect: value('w'),
  };
}
