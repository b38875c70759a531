/** So many sizes of a type must be known before their average says anything. */
const ENOUGH_SIZES = 3;
/** Beyond so many the average follows the newest, as a type's models may change. */
const MEMORY = 100;

export type KnownSizes = {
  /** The true size, from another copy of the same model. */
  readonly otherCopy?: number | undefined;
  /** The runtime's own prediction. */
  readonly runtime?: number | undefined;
};

export type PredictedSize = {
  readonly units: number;
  /** As large as one of its type has been. */
  readonly mostUnits: number;
  /** Neither the model nor its like has been seen. */
  readonly isGuess: boolean;
};

/**
 * How large a model will be, before it is loaded. The default of a runtime is a guess for the largest; taken for every
 * small model it fills a cache that is all but empty.
 */
export class SizePrediction {
  readonly #defaultUnits: number;
  readonly #averages = new Map<string, { count: number; units: number; most: number }>();

  constructor(defaultUnits: number) {
    this.#defaultUnits = defaultUnits;
  }

  /** A load has ended, and the size is known. */
  learn(type: string, units: number): void {
    const average = this.#averages.get(type);
    if (average === undefined) {
      this.#averages.set(type, { count: 1, units, most: units });
      return;
    }
    average.count = Math.min(average.count + 1, MEMORY);
    average.most = Math.max(average.most, units);
    average.units += (units - average.units) / average.count;
  }

  predict(type: string, known: KnownSizes = {}): PredictedSize {
    if (known.otherCopy !== undefined) return { units: known.otherCopy, mostUnits: known.otherCopy, isGuess: false };
    const average = this.#averages.get(type);
    if (average !== undefined && average.count >= ENOUGH_SIZES) {
      return { units: Math.max(1, Math.ceil(average.units)), mostUnits: average.most, isGuess: false };
    }
    const units = Math.max(1, known.runtime ?? this.#defaultUnits);
    return { units, mostUnits: units, isGuess: true };
  }
}
