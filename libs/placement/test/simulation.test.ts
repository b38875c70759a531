import assert from 'node:assert/strict';
import type { CopyChange } from '../src/index.ts';
import { Simulation, type SimulationSize } from './simulator.ts';
import { HOUR, MIB, MINUTE, pickIndex, rateOf, rhythm, SECOND, seeded, UNSERVED } from './traffic.ts';

const isLarge = process.env['MESHKEEPER_SIZE'] === 'large';
const SIZE: SimulationSize = isLarge
  ? { instances: 100, models: 100_000, capacityMib: 3_072 }
  : { instances: 12, models: 3_000, capacityMib: 768 };
const TICK = isLarge ? 30 * SECOND : 20 * SECOND;
const REQUESTS = isLarge ? 400 : 30;
const PLAN_EVERY = isLarge ? 5 * MINUTE : MINUTE;
const AHEAD_EVERY = isLarge ? 30 * MINUTE : 8 * MINUTE;
const START = Date.UTC(2026, 3, 1);

const JOINED = ['pod-0b', 'pod-1b', 'pod-3b'];

/** Pods come and go as on a day with a rollout and a lost node. */
function disturb(mesh: Simulation): void {
  mesh.after(6 * HOUR, () => mesh.drain('pod-0'));
  mesh.after(6 * HOUR + MINUTE, () => mesh.join('pod-0b', 0));
  mesh.after(12 * HOUR, () => mesh.leave('pod-1'));
  mesh.after(13 * HOUR, () => mesh.join('pod-1b', 1));
  mesh.after(18 * HOUR, () => mesh.drain('pod-3'));
  mesh.after(18 * HOUR + MINUTE, () => mesh.join('pod-3b', 3));
}

function runDay(): Simulation {
  const random = seeded(7);
  const mesh = new Simulation(SIZE, START, random);
  disturb(mesh);
  for (let time = 0; time < 24 * HOUR; time += TICK) {
    const requests = Math.floor(REQUESTS * rhythm(time));
    for (let request = 0; request < requests; request += 1) {
      mesh.runUntil(START + time + Math.floor((request * TICK) / requests));
      const model = mesh.models[pickIndex(SIZE.models, time, random)];
      if (model !== undefined) mesh.request(model);
    }
    for (let index = 0; index < 5; index += 1) {
      const hot = mesh.models[index];
      if (hot === undefined) continue;
      hot.rpm = hot.type === UNSERVED ? 0 : rateOf(index, time);
      if (hot.rpm > 0) mesh.request(hot);
    }
    mesh.runUntil(START + time + TICK);
    if (time % PLAN_EVERY !== 0) continue;
    mesh.plan(time % AHEAD_EVERY === 0);
    assert.deepEqual(mesh.waitingLongerThan(MINUTE), []);
  }
  return mesh;
}

/** Runs without requests and returns the changes that are still made, hour by hour. */
function rest(mesh: Simulation, hours: number): readonly (readonly CopyChange[])[] {
  for (const model of mesh.models) model.rpm = 0;
  return Array.from({ length: hours }, () => {
    const changes: CopyChange[] = [];
    for (let time = 0; time < HOUR; time += 6 * MINUTE) {
      changes.push(...mesh.plan(true));
      mesh.runUntil(mesh.now + 6 * MINUTE);
    }
    return changes;
  });
}

describe('After a day of traffic, with pods that drain, die and join', () => {
  let mesh: Simulation;

  // What must hold at every moment is asserted in the simulation itself.
  beforeAll(() => {
    mesh = runDay();
  });

  test('every request found its model loaded or waited for one load, and a few before it', () => {
    const { counts } = mesh;
    const waits = mesh.waits.toSorted((a, b) => a - b);
    assert.ok(counts.hits >= counts.requests * 0.8, `${counts.hits} of ${counts.requests}`);
    assert.ok((waits[waits.length >> 1] ?? 0) < 2 * SECOND);
    assert.ok((waits.at(-1) ?? 0) < 15 * SECOND, `the worst wait was ${waits.at(-1)} ms`);
    assert.equal(counts.noSpace, 0);
  });

  test('no runtime ever had more in memory than its capacity', () => {
    for (const { id, mostInMemory } of mesh.instances.values()) {
      assert.ok(mostInMemory <= SIZE.capacityMib * MIB, `${id} had ${mostInMemory / MIB} MiB`);
    }
  });

  test('a model that no instance may hold is nowhere', () => {
    const asked = mesh.models.filter(({ type, wantedSince }) => type === UNSERVED && wantedSince !== undefined);
    assert.ok(asked.length > 0);
    assert.ok(asked.every(({ copies }) => copies.size === 0));
  });

  test('no copy was made and given up again, or given up and made again, within half an hour', () => {
    assert.ok(mesh.counts.removed > 0);
    assert.deepEqual(mesh.flaps.found, []);
  });

  test('instances of the same kind that were there all day are about equally full', () => {
    for (const label of ['rt:mlserver', 'rt:ovms']) {
      const alike = [...mesh.instances.values()].filter(({ id, label: own }) => own === label && !JOINED.includes(id));
      const shares = alike.map(({ cache }) => cache.used / cache.effective);
      assert.ok(Math.max(...shares) - Math.min(...shares) < 0.15, `${label}: ${shares.join(', ')}`);
    }
  });

  test('the copies of a model are in different zones', () => {
    const zoneOf = (id: string): string => mesh.instances.get(id)?.zone ?? '';
    const pairs = mesh.models.filter(({ copies }) => copies.size === 2);
    const apart = pairs.filter(({ copies }) => new Set([...copies.keys()].map(zoneOf)).size === 2);
    assert.ok(pairs.length > 0);
    assert.ok(apart.length >= pairs.length * 0.95, `${apart.length} of ${pairs.length}`);
  });

  test('a model with many requests has several copies', () => {
    assert.ok(mesh.models.slice(0, 5).some(({ copies }) => copies.size > 1));
  });

  test('a mesh without requests comes to rest', () => {
    const hours = rest(mesh, 8);
    assert.deepEqual(hours.slice(5).flat(), []);
  });
});
