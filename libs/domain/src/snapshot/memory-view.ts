import { EVERY_KEY } from '../changes/change-to-keys.ts';
import type { Change, Gathered, GatherRequest, ViewedObject } from '../ports/event-log.ts';
import { compareBytes } from '../registration/go-json.ts';
import { parseKey, type WorkKey } from '../objects/work-key.ts';

type Named = { readonly source: string; readonly namespace: string; readonly name: string };
type Stored = { readonly source: string; readonly change: Change };

/**
 * The view without Redis, for programs that look once and end: the same changes, and the same answers to the same requests. Nothing
 * is queued here, so concerns count for nothing. Of each object the change that comes last counts, whatever its revision.
 */
export class MemoryView {
  readonly #objects = new Map<string, Stored>();
  /** By source and namespace, then by name. */
  readonly #facts = new Map<string, Map<string, string>>();
  readonly #owned = new Map<string, Set<string>>();
  /** By index, then by member: how many objects make it known. */
  readonly #indexes = new Map<string, Map<string, number>>();
  readonly #complete = new Set<string>();

  record(source: string, changes: Iterable<Change>): void {
    for (const change of changes) if (change.op !== 'note') this.#recordOne(source, change);
  }

  /** From now on absence counts in this source. */
  complete(source: string): void {
    this.#complete.add(source);
  }

  gather({ key, sources, facts, objects, indexes, factIndexes = [] }: GatherRequest): Gathered {
    const ids = [...(this.#owned.get(key) ?? []), ...objects.map(idOf)];
    const found = ids.flatMap((id) => this.#objects.get(id) ?? []).map(toViewed);
    const state = (source: string) => ({ epoch: '', cursor: '', complete: this.#complete.has(source) });
    return {
      objects: found.sort((a, b) => compare(`${a.source} ${a.name}`, `${b.source} ${b.name}`)),
      sources: Object.fromEntries(sources.map((source) => [source, state(source)])),
      facts: facts.map(({ source, namespace, name, unless }) =>
        unless !== undefined && this.#membersIn(unless).length > 0 ? {} : this.#factsOf(source, namespace, name),
      ),
      indexes: [...indexes.map((index) => this.#members(index)), ...factIndexes.map((index) => this.#membersIn(index))],
    };
  }

  /** Every key that owns an object, and those that are only wanted. */
  keys(): readonly WorkKey[] {
    return this.expand(EVERY_KEY).flatMap((text) => parseKey(text) ?? []);
  }

  /** The keys that the given patterns match, each once. */
  expand(patterns: readonly string[]): readonly string[] {
    return [...new Set(patterns.flatMap((pattern) => this.#expand(pattern)))];
  }

  #recordOne(source: string, change: Change): void {
    const id = idOf({ source, ...change });
    const before = this.#objects.get(id)?.change;
    for (const key of before?.keys ?? []) this.#disown(key, id);
    for (const line of new Set(before?.indexes)) this.#count(line, -1);
    this.#objects.delete(id);
    const known = inner(this.#facts, `${source} ${change.namespace}`);
    if (change.op === 'absent') {
      known.delete(change.name);
      return;
    }
    this.#objects.set(id, { source, change });
    for (const key of change.keys) this.#own(key, id);
    for (const line of new Set(change.indexes)) this.#count(line, 1);
    const facts = change.fallbackFacts === true ? (known.get(change.name) ?? change.facts) : change.facts;
    if (facts === '') known.delete(change.name);
    else known.set(change.name, facts);
  }

  /** A pattern owns nothing: the keys that it matches come and go. */
  #own(key: string, id: string): void {
    if (key.includes('{')) return;
    const owned = this.#owned.get(key) ?? new Set();
    this.#owned.set(key, owned.add(id));
  }

  #disown(key: string, id: string): void {
    const owned = this.#owned.get(key);
    owned?.delete(id);
    if (owned?.size === 0) this.#owned.delete(key);
  }

  /** The line is an index, a space and the member. */
  #count(line: string, more: number): void {
    const space = line.indexOf(' ');
    const members = inner(this.#indexes, line.slice(0, space));
    const member = line.slice(space + 1);
    const count = (members.get(member) ?? 0) + more;
    if (count > 0) members.set(member, count);
    else members.delete(member);
  }

  #factsOf(source: string, namespace: string, name: string | undefined): Readonly<Record<string, unknown>> {
    const known = [...(this.#facts.get(`${source} ${namespace}`) ?? [])];
    const asked = known.filter(([each]) => name === undefined || each === name).sort(([a], [b]) => compare(a, b));
    return Object.fromEntries(asked.map(([each, text]) => [each, JSON.parse(text) as unknown]));
  }

  #membersIn({ source, namespace, name, field }: NonNullable<GatherRequest['factIndexes']>[number]): readonly string[] {
    const facts = this.#factsOf(source, namespace, name)[name] as Readonly<Record<string, string>> | undefined;
    return facts?.[field] === undefined ? [] : this.#members(facts[field]);
  }

  /** In the order of bytes. The index `keys` is that of the keys that own something. */
  #members(index: string): readonly string[] {
    const members = index === 'keys' ? this.#owned.keys() : this.#indexes.get(index)?.keys();
    return [...(members ?? [])].sort(compareBytes);
  }

  #expand(pattern: string): readonly string[] {
    const [, before = '', index, rest = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(pattern) ?? [];
    if (index === undefined) return [pattern];
    return this.#members(index).flatMap((member) => this.#expand(`${before}${member}${rest}`));
  }
}

function idOf({ source, namespace, name }: Named): string {
  return `${source} ${namespace}/${name}`;
}

function toViewed({ source, change }: Stored): ViewedObject {
  const { namespace, name, revision, body } = change;
  return { source, namespace, name, revision, body: JSON.parse(body) as unknown };
}

function inner<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const found = maps.get(key) ?? new Map<string, Value>();
  maps.set(key, found);
  return found;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
