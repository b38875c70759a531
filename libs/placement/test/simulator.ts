import assert from 'node:assert/strict';
import {
  COPY_SETTINGS,
  placeModel,
  planCopies,
  type ClusterView,
  type CopyChange,
  type LoadCause,
  type RuntimeLimits,
} from '../src/index.ts';
import { IndexedHeap } from '../src/indexed-heap.ts';
import { FlapWatch } from './flap-watch.ts';
import { SimulatedInstance, type InstanceEvents } from './simulated-instance.ts';
import { HOUR, MIB, MINUTE, requiredLabels, SimulatedModel, type Random } from './traffic.ts';

export type SimulationSize = { readonly instances: number; readonly models: number; readonly capacityMib: number };

type Timer = { readonly id: string; readonly at: number; readonly order: number; readonly what: () => void };

const LABELS = ['rt:mlserver', 'rt:ovms'];

/** A whole mesh in one process, with a clock that jumps from event to event. Its rules are those of the library alone. */
export class Simulation {
  readonly models: readonly SimulatedModel[];
  readonly instances = new Map<string, SimulatedInstance>();
  readonly flaps = new FlapWatch();
  readonly counts = { requests: 0, hits: 0, loads: 0, evictions: 0, refusals: 0, noSpace: 0, added: 0, removed: 0 };
  readonly waits: number[] = [];
  now: number;
  readonly #byId: ReadonlyMap<string, SimulatedModel>;
  readonly #active = new Set<SimulatedModel>();
  readonly #timers = new IndexedHeap<Timer>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  readonly #limits: RuntimeLimits;
  readonly #events: InstanceEvents;
  readonly #random: Random;
  #order = 0;

  constructor(size: SimulationSize, start: number, random: Random) {
    this.now = start;
    this.#random = random;
    this.#limits = {
      capacityUnits: size.capacityMib * MIB,
      defaultUnits: 20 * MIB,
      threads: 4,
      loadTimeoutMs: 30_000,
    };
    this.models = Array.from(
      { length: size.models },
      (_, index) => new SimulatedModel(index, size.models, start, random),
    );
    this.#byId = new Map(this.models.map((model) => [model.id, model]));
    this.#events = this.#makeEvents();
    for (let index = 0; index < size.instances; index += 1) this.join(`pod-${index}`, index);
  }

  #makeEvents(): InstanceEvents {
    const gone: InstanceEvents['gone'] = (model, instance, why) => {
      model.copies.delete(instance.id);
      this.#recordUse(model);
      if (why === 'evicted') this.counts.evictions += 1;
      else this.counts.refusals += 1;
      this.#forget(model);
    };
    const loaded: InstanceEvents['loaded'] = (model, instance) => {
      const copy = model.copies.get(instance.id);
      assert.ok(copy !== undefined, 'a model was loaded that was not requested');
      model.copies.set(instance.id, { ...copy, loadedAt: this.now });
      this.counts.loads += 1;
      if (model.wantedSince !== undefined) this.waits.push(this.now - model.wantedSince);
      model.wantedSince = undefined;
    };
    return {
      now: () => this.now,
      model: (id) => this.#model(id),
      after: (ms, what) => this.after(ms, what),
      gone,
      loaded,
    };
  }

  #model(id: string): SimulatedModel {
    const model = this.#byId.get(id);
    assert.ok(model !== undefined);
    return model;
  }

  after(ms: number, what: () => void): void {
    this.#order += 1;
    this.#timers.set({ id: String(this.#order), at: this.now + ms, order: this.#order, what });
  }

  /** Lets all happen that happens until then. */
  runUntil(time: number): void {
    for (let next = this.#timers.first(); next !== undefined && next.at <= time; next = this.#timers.first()) {
      this.#timers.takeFirst();
      this.now = next.at;
      next.what();
    }
    this.now = time;
  }

  join(id: string, index: number): void {
    const label = LABELS[index % LABELS.length] ?? '';
    const zone = `zone-${Math.floor(index / LABELS.length) % 3}`;
    this.instances.set(id, new SimulatedInstance(id, label, zone, this.#limits, this.#events));
  }

  /** Its process is gone, and all that it held. */
  leave(id: string): void {
    const instance = this.instances.get(id);
    if (instance === undefined) return;
    instance.isGone = true;
    this.instances.delete(id);
    for (const model of this.models) {
      if (!model.copies.delete(id)) continue;
      this.flaps.lost(model.id);
      this.#forget(model);
    }
  }

  view(): ClusterView {
    const instances = [...this.instances.values()].map((instance) => instance.view());
    return { instances, types: { requiredLabels }, defaultUnits: this.#limits.defaultUnits, loadTimeoutMs: 30_000 };
  }

  #predict(model: SimulatedModel): number {
    const label = requiredLabels(model.type)[0];
    for (const instance of this.instances.values()) if (instance.label === label) return instance.predict(model.type);
    return this.#limits.defaultUnits;
  }

  request(model: SimulatedModel): void {
    this.counts.requests += 1;
    model.used(this.now);
    const holders = [...model.copies].filter(([, copy]) => copy.loadedAt !== undefined);
    const [holder] = holders[Math.floor(this.#random() * holders.length)] ?? [];
    for (const [id] of model.copies) {
      if (holder === undefined) this.instances.get(id)?.load(model, 'request');
      if (holder === undefined || holder === id) this.instances.get(id)?.cache.touch(model.id, this.now);
    }
    if (holder !== undefined) {
      this.counts.hits += 1;
      return;
    }
    model.wantedSince ??= this.now;
    this.#active.add(model);
    if (model.copies.size > 0) return;
    const placement = placeModel(this.view(), model.view(this.#predict(model)), this.now);
    if (placement.kind === 'placed') this.#add(model, placement.instance, 'request');
    else if (placement.reason === 'no-space') this.counts.noSpace += 1;
    else assert.equal(placement.reason, 'no-instance-for-type');
  }

  /** What the leader and the instances decide from time to time. Gives the changes. */
  plan(aheadOfUse: boolean): readonly CopyChange[] {
    const models = aheadOfUse ? this.models : [...this.#active];
    const views = models.map((model) => model.view(this.#predict(model)));
    const { changes } = planCopies(this.view(), views, this.now, { ...COPY_SETTINGS, aheadOfUse });
    for (const change of changes) {
      const model = this.#model(change.model);
      this.flaps.note(change, this.now);
      if (change.kind === 'add')
        this.#add(model, change.instance, change.reason === 'wanted' ? 'request' : 'background');
      else this.#remove(model, change.instance);
    }
    return changes;
  }

  #add(model: SimulatedModel, id: string, cause: LoadCause): void {
    const instance = this.instances.get(id);
    assert.ok(instance !== undefined && !instance.draining, 'placed on an instance that is not there to stay');
    assert.ok(requiredLabels(model.type).includes(instance.label), 'placed where its type may not be');
    assert.ok(!model.copies.has(id), 'placed where it is already');
    this.counts.added += 1;
    model.copies.set(id, { instance: id, since: this.now });
    this.#active.add(model);
    instance.load(model, cause);
  }

  #remove(model: SimulatedModel, id: string): void {
    const others = [...model.copies.values()].filter(({ instance }) => instance !== id);
    // An earlier change of the plan may have displaced the other copy: then the record has changed, and the write fails.
    if (others.every(({ loadedAt }) => loadedAt === undefined)) return;
    this.counts.removed += 1;
    model.copies.delete(id);
    model.lastUnload = this.now;
    this.#recordUse(model);
    this.instances.get(id)?.drop(model);
  }

  /** A copy that is given up leaves the last use of the model in its record; those that hold another one see it there. */
  #recordUse(model: SimulatedModel): void {
    for (const id of model.copies.keys()) this.instances.get(id)?.cache.touch(model.id, model.lastUsed);
  }

  #forget(model: SimulatedModel): void {
    if (model.copies.size === 0 && model.wantedSince === undefined) this.#active.delete(model);
  }

  /** Wanted for longer than this, though an instance may hold it. */
  waitingLongerThan(ms: number): readonly SimulatedModel[] {
    const labels = new Set([...this.instances.values()].map(({ label }) => label));
    return [...this.#active].filter(
      ({ type, wantedSince }) =>
        wantedSince !== undefined && this.now - wantedSince > ms && labels.has(requiredLabels(type)[0] ?? ''),
    );
  }

  /** Goes once its models are held elsewhere. Those not used for an hour may be older than all that the others hold. */
  drain(id: string): void {
    const instance = this.instances.get(id);
    if (instance === undefined) return;
    instance.draining = true;
    this.after(10 * MINUTE, () => {
      const isElsewhere = ({ copies }: SimulatedModel): boolean =>
        copies.values().some(({ instance, loadedAt }) => instance !== id && loadedAt !== undefined);
      const left = this.models.filter((model) => model.copies.has(id) && !isElsewhere(model));
      const used = left.filter(({ lastUsed }) => this.now - lastUsed < HOUR);
      assert.deepEqual(used, [], `${id} has the only copy of a model 10 minutes after it began to drain`);
      this.leave(id);
    });
  }
}
