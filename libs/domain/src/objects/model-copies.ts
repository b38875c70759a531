import { z } from 'zod';

/** A copy of a model as the mesh's registry has it. Times are epoch ms. */
export type Copy = {
  /** The mesh's name of the pod: the last twelve characters of the pod's own. */
  readonly instance: string;
  /** `held` is loading or loaded: a mesh of the original does not write which. Ours does, and will write when a `loading` one is loaded. */
  readonly state: 'held' | 'loading' | 'loaded' | 'failed';
  /** Since when: the begin of its load, its end, or its failure. */
  readonly since: number;
  /** Of a failed one; may be empty. */
  readonly message: string;
};

const times = z.record(z.string(), z.number()).catch({});
const recordSchema = z
  .object({
    instanceIds: times,
    loadedIn: times,
    failedIn: times,
    fails: z.record(z.string(), z.object({ msg: z.string().catch('') }).catch({ msg: '' })).catch({}),
  })
  .catch({ instanceIds: {}, loadedIn: {}, failedIn: {}, fails: {} });

/** Never throws: a record that cannot be decoded has no copies. */
export function readCopies(body: unknown): readonly Copy[] {
  const { instanceIds, loadedIn, failedIn, fails } = recordSchema.parse(body);
  const held = Object.entries(instanceIds).map(([instance, since]): Copy => {
    const loadedAt = own(loadedIn, instance);
    if (loadedAt === undefined) return { instance, state: 'held', since, message: '' };
    const isLoaded = loadedAt >= since;
    return { instance, state: isLoaded ? 'loaded' : 'loading', since: isLoaded ? loadedAt : since, message: '' };
  });
  const failed = Object.entries(failedIn).map(([instance, since]): Copy => ({
    instance,
    state: 'failed',
    since,
    message: own(fails, instance)?.msg ?? '',
  }));
  return [...held, ...failed].sort((a, b) => (a.instance < b.instance ? -1 : 1));
}

/** An instance may be called `constructor`. */
function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
