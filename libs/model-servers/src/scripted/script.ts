import { CODES, isFailureCode, type FailureCode } from '@meshkeeper/grpc';

/** A refusal as a gRPC status. */
export type Refusal = { readonly code: FailureCode; readonly message: string };

/** How a load ends that does not end well. */
export type LoadTrouble =
  /** `until`: what makes the next load succeed. */
  | ({ readonly kind: 'fails'; readonly until: 'never' | 'fixed' | 'second load' } & Refusal)
  | { readonly kind: 'hangs' }
  | { readonly kind: 'crashes' };

/** All that a path says of its model; times in milliseconds. */
export type Script = {
  readonly sizeBytes: number;
  readonly loadMs: number;
  readonly unloadMs: number;
  readonly trouble?: LoadTrouble;
  /** So many unloads fail first. */
  readonly unloadFailures: number;
  /** What inference of it is refused with. */
  readonly refusal?: Refusal;
  readonly answerMs: number;
  /** After so many answers it is forgotten. */
  readonly loseAfter?: number;
};

const DEFAULTS: Script = { sizeBytes: 1_048_576, loadMs: 100, unloadMs: 0, unloadFailures: 0, answerMs: 0 };

/** Each segment of the path may say one thing; what none of them knows is read over. The last of a kind counts. */
export function scriptOf(path: string, instance: string): Script {
  return path
    .split('/')
    .reduce<Script>((script, segment) => ({ ...script, ...ofSegment(segment, instance) }), DEFAULTS);
}

type Reader = (rest: string, instance: string) => Partial<Script> | undefined;

const READERS: Readonly<Record<string, Reader>> = {
  SIZE_: (rest) => {
    const [size, loadMs, unloadMs] = /^(\d+)_(\d+)_(\d+)/.exec(rest)?.slice(1).map(Number) ?? [];
    if (size === undefined || loadMs === undefined || unloadMs === undefined) return undefined;
    return { sizeBytes: size, loadMs, unloadMs };
  },
  FAIL_: (message) => fails('fixed', { code: 'INTERNAL', message }),
  FAILONCE_: (message) => fails('second load', { code: 'INTERNAL', message }),
  FAILAT_: (rest, instance) => {
    const [, where, message = ''] = /^([^_]+)_(.*)$/.exec(rest) ?? [];
    return where === instance ? fails('never', { code: 'INTERNAL', message }) : undefined;
  },
  FAILCODE_: (rest) => {
    const refusal = refusalOf(rest);
    return refusal && fails('never', refusal);
  },
  HANG: () => ({ trouble: { kind: 'hangs' } }),
  CRASH: () => ({ trouble: { kind: 'crashes' } }),
  UNLOADFAIL_: (rest) => counted(rest, (unloadFailures) => ({ unloadFailures })),
  ANSWER_: (rest) => {
    const refusal = refusalOf(rest);
    return refusal && { refusal };
  },
  SLOW_: (rest) => counted(rest, (answerMs) => ({ answerMs })),
  LOSE_: (rest) => counted(rest, (loseAfter) => ({ loseAfter })),
};

function ofSegment(segment: string, instance: string): Partial<Script> {
  for (const [head, read] of Object.entries(READERS)) {
    // A word without an argument is the whole segment.
    const fits = head.endsWith('_') ? segment.startsWith(head) : segment === head;
    if (fits) return read(segment.slice(head.length), instance) ?? {};
  }
  return {};
}

function fails(until: 'never' | 'fixed' | 'second load', refusal: Refusal): Partial<Script> {
  return { trouble: { kind: 'fails', until, ...refusal } };
}

function counted(text: string, made: (count: number) => Partial<Script>): Partial<Script> | undefined {
  return /^\d+$/.test(text) ? made(Number(text)) : undefined;
}

/** `<CODE>_<msg>`. Codes have underscores themselves, but none is the beginning of another with one behind it. */
function refusalOf(text: string): Refusal | undefined {
  const code = CODES.filter(isFailureCode).find((name) => text === name || text.startsWith(`${name}_`));
  return code && { code, message: text.slice(code.length + 1) };
}
