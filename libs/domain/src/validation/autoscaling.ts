import type { JsonObject } from '../objects/reduce.ts';

const PREFIX = 'serving.kserve.io/';
const CLASS = `${PREFIX}autoscalerClass`;
const METRIC = `${PREFIX}metrics`;
const TARGET = `${PREFIX}targetUtilizationPercentage`;
const MIN = `${PREFIX}min-scale`;
const MAX = `${PREFIX}max-scale`;

type Annotations = Readonly<Record<string, string>> | undefined;
export type Metric = 'cpu' | 'memory';

/** What a runtime's annotations say of its autoscaler, with everything that is absent or unusable set to its default. */
export type Autoscaling = {
  readonly class: 'none' | 'hpa';
  /** A class that is not supported, `external` included: it counts as none, which is to be reported. */
  readonly unknownClass?: string;
  readonly metric: Metric;
  readonly target: number;
  readonly min: number;
  readonly max: number;
};

const DEFAULTS = { metric: 'cpu', target: 80, replicas: 1 } as const;
/** The API server's own limit for counts: beyond it a number would wrap round, not count. */
const INT32_MAX = 2_147_483_647;
/** What the original keeps in the place of "not set": the largest value its type has. */
const REPLICAS_NOT_SET = 65_535;

/**
 * The first of the original's complaints about a runtime's autoscaling, in its words and its order; the line feed at the end of
 * two of them is its own. An explicit class `none`, which the original refuses although it is its default, is accepted.
 */
export function autoscalerProblem(annotations: Annotations, spec: JsonObject): string | undefined {
  return classProblem(annotations) ?? targetProblem(annotations) ?? scaleProblem(annotations, spec);
}

function classProblem(annotations: Annotations): string | undefined {
  const given = textOf(annotations, CLASS);
  if (given === undefined || given === 'none') return undefined;
  if (given === 'external') return 'unknown autoscaler class [external]';
  if (given !== 'hpa') return `[${given}] is not a supported autoscaler class type.\n`;
  const metric = textOf(annotations, METRIC);
  return metric === undefined || isMetric(metric) ? undefined : `[${metric}] is not a supported metric.\n`;
}

/** Looked at for every class, as the original does. */
function targetProblem(annotations: Annotations): string | undefined {
  const given = textOf(annotations, TARGET);
  if (given === undefined) return undefined;
  const target = toWholeNumber(given);
  if (target !== undefined && target >= 1 && target <= 100) return undefined;
  return 'The target utilization percentage should be a [1-100] integer.';
}

function scaleProblem(annotations: Annotations, spec: JsonObject): string | undefined {
  if (textOf(annotations, CLASS) !== 'hpa') return undefined;
  const replicas = spec['replicas'] ?? REPLICAS_NOT_SET;
  if (replicas !== REPLICAS_NOT_SET)
    return 'Autoscaler is enabled and also replicas variable set. You can not set both.';
  const min = toWholeNumber(textOf(annotations, MIN) ?? '1');
  if (min === undefined) return 'The min replicas should be a integer.';
  if (min < 1) return 'The min replicas should be more than 0';
  const max = toWholeNumber(textOf(annotations, MAX) ?? '1');
  if (max === undefined) return 'The max replicas should be a integer.';
  return min > max ? 'The max replicas should be same or bigger than min replicas.' : undefined;
}

/** For the plan, which also meets runtimes that no webhook has seen: it always has an answer. */
export function readAutoscaling(annotations: Annotations): Autoscaling {
  const given = textOf(annotations, CLASS) ?? 'none';
  const metric = textOf(annotations, METRIC);
  const min = positive(annotations, MIN) ?? DEFAULTS.replicas;
  return {
    class: given === 'hpa' ? 'hpa' : 'none',
    ...(given === 'hpa' || given === 'none' ? {} : { unknownClass: given }),
    metric: metric !== undefined && isMetric(metric) ? metric : DEFAULTS.metric,
    target: positive(annotations, TARGET) ?? DEFAULTS.target,
    min,
    max: Math.max(positive(annotations, MAX) ?? DEFAULTS.replicas, min),
  };
}

function positive(annotations: Annotations, name: string): number | undefined {
  const number = toWholeNumber(textOf(annotations, name) ?? '');
  return number !== undefined && number >= 1 ? number : undefined;
}

function isMetric(text: string): text is Metric {
  return text === 'cpu' || text === 'memory';
}

/** As Go reads one: a sign and leading zeros are fine; blanks, fractions and exponents are not. */
function toWholeNumber(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const number = Number(text);
  return Math.abs(number) <= INT32_MAX ? number : undefined;
}

function textOf(annotations: Annotations, name: string): string | undefined {
  const value: unknown = annotations?.[name];
  return typeof value === 'string' ? value : undefined;
}
