import { z } from 'zod';

/** An entry of the log, as it concerned a work key. */
export type LoggedEntry = {
  /** Milliseconds and a counter: `1700000000000-0`. */
  readonly id: string;
  readonly source: string;
  /** `namespace/name`. */
  readonly object: string;
  readonly revision: string;
  readonly kind: 'put' | 'absent' | 'note';
  /** JSON; empty for an absence, and where nothing new is known. */
  readonly body: string;
  /** JSON of an Effect; empty for what was observed. */
  readonly effect: string;
};

const effectSchema = z.object({
  key: z.string(),
  fencingToken: z.number(),
  write: z.string(),
  reason: z.string(),
  outcome: z.string(),
  cause: z.array(z.string()),
});

export type ReadEffect = z.output<typeof effectSchema>;

/** The write that an entry logs; undefined for an observed change. */
export function readEffect({ effect }: LoggedEntry): ReadEffect | undefined {
  return effect === '' ? undefined : effectSchema.safeParse(parseJson(effect)).data;
}

export function timeOf({ id }: { readonly id: string }): number {
  return Number(id.split('-')[0]);
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
