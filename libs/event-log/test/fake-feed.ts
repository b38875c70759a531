import { EventEmitter, once } from 'node:events';
import { CallError, type Change, type ServerHead, type SourceFeed } from '@meshkeeper/domain';
import { absent, put, SOURCE } from './log-bench.ts';

const PAGE = 3;

/** A server in memory, as a feed shows it: its history can be watched, cut back as by restoring a backup, or replaced. */
export class FakeServer {
  identity = 'server';
  lists = 0;
  /** While set, every call throws it. */
  broken: CallError | undefined;
  #changes: Change[] = [];
  #head = 1;
  /** One for each incarnation: a watch does not outlive its server. */
  #incarnation = new EventEmitter();

  put(...names: readonly string[]): void {
    for (const name of names) this.#add(put(name, this.#head + 1, { indexes: [`names ${name}`] }));
  }

  delete(...names: readonly string[]): void {
    for (const name of names) this.#add(absent(name, this.#head + 1));
  }

  get head(): number {
    return this.#head;
  }

  /** Back to what was at `revision`, as a restored backup. */
  restore(revision: number): void {
    this.#changes = this.#changes.filter((change) => Number(change.revision) <= revision);
    this.#head = revision;
    this.#restart();
  }

  /** Another server in its place. */
  replace(identity: string, ...names: readonly string[]): void {
    this.identity = identity;
    this.#changes = [];
    this.#head = 1;
    this.put(...names);
    this.#restart();
  }

  break(error: CallError): void {
    this.broken = error;
    this.#restart();
  }

  /** Name and revision of what exists. */
  objects(): Readonly<Record<string, string>> {
    const pairs = this.#objects().map(({ name, revision }) => [name, revision] as const);
    return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  feed(): SourceFeed {
    return {
      source: SOURCE,
      readHead: async () => this.#readHead(),
      list: () => this.#list(),
      watch: (from, signal) => this.#watch(Number(from), signal),
    };
  }

  #add(change: Change): void {
    this.#head = Number(change.revision);
    this.#changes.push(change);
    this.#incarnation.emit('change');
  }

  #restart(): void {
    const before = this.#incarnation;
    this.#incarnation = new EventEmitter();
    before.emit('change');
  }

  #objects(): readonly Change[] {
    const objects = new Map<string, Change>();
    for (const change of this.#changes) {
      if (change.op === 'put') objects.set(change.name, change);
      else objects.delete(change.name);
    }
    return [...objects.values()];
  }

  #readHead(): ServerHead {
    if (this.broken !== undefined) throw this.broken;
    return { identity: this.identity, head: String(this.#head) };
  }

  async *#list(): AsyncGenerator<{ revision: string; changes: readonly Change[] }> {
    this.lists += 1;
    const [revision, objects] = [String(this.#head), this.#objects()];
    for (let i = 0; i === 0 || i < objects.length; i += PAGE) {
      if (this.broken !== undefined) throw this.broken;
      yield { revision, changes: objects.slice(i, i + PAGE) };
    }
  }

  async *#watch(from: number, signal: AbortSignal): AsyncGenerator<{ to: string; changes: readonly Change[] }> {
    const incarnation = this.#incarnation;
    if (from > this.#head) throw new CallError('Gone', 'The revision is in the future');
    for (let cursor = from; ;) {
      if (this.broken !== undefined) throw this.broken;
      if (incarnation !== this.#incarnation) throw new CallError('Transient', 'The connection was closed');
      const changes = this.#changes.filter(({ revision }) => Number(revision) > cursor);
      cursor = this.#head;
      if (changes.length > 0) yield { to: String(cursor), changes };
      else await once(incarnation, 'change', { signal });
    }
  }
}
