/** One way to get the same answer. */
export type Way = {
  readonly name: string;
  readonly ask: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Figures = { readonly ms: number; readonly perSecond: number };

const ROUNDS = 5;
const ONE_BY_ONE = 200;
const TOGETHER = 800;
const IN_FLIGHT = 16;

/** Asks each way in turn, round after round, and prints the medians beside those of the first. */
export async function compare(say: (line: string) => void, ways: readonly Way[]): Promise<void> {
  const rounds: Figures[][] = ways.map(() => []);
  for (const way of ways) await askAll(way, ONE_BY_ONE, 1);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [index, way] of ways.entries()) rounds[index]?.push(await measure(way));
  const figures = rounds.map((each) => ({
    ms: median(each.map(({ ms }) => ms)),
    perSecond: median(each.map(({ perSecond }) => perSecond)),
  }));
  const [base] = figures;
  for (const [index, way] of ways.entries()) {
    const { ms, perSecond } = figures[index] as Figures;
    const added = index === 0 ? '' : `, +${(ms - (base?.ms ?? 0)).toFixed(2)} ms`;
    const share = index === 0 ? '' : ` = ${((100 * perSecond) / (base?.perSecond ?? 1)).toFixed(0)} %`;
    say(
      `  ${way.name.padEnd(18)} ${ms.toFixed(2)} ms${added}; ${perSecond.toFixed(0)}/s with ${IN_FLIGHT} in flight${share}`,
    );
    await way.close();
  }
}

async function measure(way: Way): Promise<Figures> {
  const ms = (await askAll(way, ONE_BY_ONE, 1)) / ONE_BY_ONE;
  return { ms, perSecond: (1_000 * TOGETHER) / (await askAll(way, TOGETHER, IN_FLIGHT)) };
}

/** Milliseconds that a number of requests take at a given concurrency. */
async function askAll({ ask }: Way, count: number, inFlight: number): Promise<number> {
  let left = count;
  const began = performance.now();
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await ask();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return performance.now() - began;
}

export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
