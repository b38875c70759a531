import { noteUse, type CopiedModel, type CopyView, type UseHistory } from '../src/index.ts';

/** A day of requests that is the same in every run. */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const MIB = 128;

/** Mean size in units, and the label that an instance needs. No instance has the last one. */
const TYPES: readonly { readonly name: string; readonly units: number; readonly label: string }[] = [
  { name: 'sklearn', units: MIB / 2, label: 'rt:mlserver' },
  { name: 'xgboost', units: 2 * MIB, label: 'rt:mlserver' },
  { name: 'onnx', units: 4 * MIB, label: 'rt:ovms' },
  { name: 'openvino', units: 8 * MIB, label: 'rt:ovms' },
];
export const UNSERVED = 'unserved';

export function requiredLabels(type: string): readonly string[] {
  return [TYPES.find(({ name }) => name === type)?.label ?? 'rt:none'];
}

export type Random = () => number;

/** Mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class SimulatedModel {
  readonly id: string;
  readonly type: string;
  readonly trueUnits: number;
  readonly loadMs: number;
  readonly copies = new Map<string, CopyView>();
  lastUsed: number;
  use: UseHistory | undefined;
  rpm = 0;
  lastUnload: number | undefined;
  /** Since when a request waits for it. */
  wantedSince: number | undefined;

  constructor(index: number, count: number, start: number, random: Random) {
    const kind = index % 50 === 49 ? undefined : TYPES[Math.floor(random() * TYPES.length)];
    this.id = `model-${index}`;
    this.type = kind?.name ?? UNSERVED;
    this.trueUnits = Math.ceil((kind?.units ?? 1) * (0.5 + random()));
    this.loadMs = 200 + Math.floor(random() * 2_800);
    this.lastUsed = start - 6 * HOUR - Math.floor((index / count) * HOUR);
  }

  get isLoaded(): boolean {
    return this.copies.values().some(({ loadedAt }) => loadedAt !== undefined);
  }

  used(now: number): void {
    this.lastUsed = now;
    this.use = noteUse(this.use, now);
  }

  view(predictedUnits: number): CopiedModel {
    const { id, type, lastUsed, use, rpm, lastUnload, isLoaded, wantedSince } = this;
    const units = isLoaded ? this.trueUnits : predictedUnits;
    const copies = [...this.copies.values()];
    return { id, type, units, lastUsed, use, rpm, lastUnload, copies, failures: [], wanted: wantedSince !== undefined };
  }
}

/** How busy the day is: least at night, most at noon. */
export function rhythm(sinceMidnight: number): number {
  return 0.6 - 0.4 * Math.cos((2 * Math.PI * sinceMidnight) / (24 * HOUR));
}

/** Few models are requested often and many seldom, and which ones changes over the day. */
export function pickIndex(count: number, sinceMidnight: number, random: Random): number {
  const moved = Math.floor((sinceMidnight / (24 * HOUR)) * count * 0.3);
  return (Math.floor(count * random() ** 3) + moved) % count;
}

/** A few models have so many requests that one copy cannot bear them. */
export function rateOf(index: number, sinceMidnight: number): number {
  return index < 5 ? Math.floor(2_500 * (index + 1) * (rhythm(sinceMidnight) - 0.2)) : 0;
}
