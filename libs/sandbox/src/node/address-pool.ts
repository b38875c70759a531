/** Gives out the addresses of one range, `10.<second>.0.0/16`. */
export type AddressPool = {
  /** The address of the node itself. */
  readonly node: string;
  /** `preferred` when it is in the range and free, else the next one. @throws Error when none is left. */
  take(preferred?: string): string;
  release(address: string): void;
};

const FIRST_POD = 10;
const LAST_POD = 65_534;

export function createAddressPool(second: number): AddressPool {
  const taken = new Set<string>();
  let next = FIRST_POD;
  const at = (index: number): string => `10.${second}.${index >> 8}.${index & 0xff}`;
  // Upwards, around at the end: a released address rests as long as possible, for clients may still dial it.
  const nextFree = (): string => {
    for (let tried = FIRST_POD; tried <= LAST_POD; tried += 1) {
      const address = at(next);
      next = next === LAST_POD ? FIRST_POD : next + 1;
      if (!taken.has(address)) return address;
    }
    throw new Error(`No pod address is left in 10.${second}.0.0/16`);
  };
  return {
    node: at(1),
    take: (preferred) => {
      const usable = preferred !== undefined && preferred.startsWith(`10.${second}.`) && !taken.has(preferred);
      const address = usable ? preferred : nextFree();
      taken.add(address);
      return address;
    },
    release: (address) => void taken.delete(address),
  };
}
