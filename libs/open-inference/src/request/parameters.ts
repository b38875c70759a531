import type { InferParameter } from '../gen/inference/v2.ts';
import { invalid } from '../json/rest-error.ts';

export type Parameters = Record<string, InferParameter>;

const BASE64 = ['base64', 'b64', 'BASE64', 'B64'];
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Strings, booleans and numbers; a number loses its fraction, null is a parameter without a value, and arrays and objects are dropped.
 * @throws RestError 400 when `value` is no object
 */
export function parseParameters(value: unknown): Parameters {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('parameters must be an object');
  const entries = Object.entries(value).flatMap(([name, value]) => {
    const parameter = parseParameter(value);
    return parameter === undefined ? [] : [[name, parameter] as const];
  });
  return Object.fromEntries(entries);
}

function parseParameter(value: unknown): InferParameter | undefined {
  if (value === null) return { parameterChoice: undefined };
  if (typeof value === 'string') return { parameterChoice: { $case: 'stringParam', value } };
  if (typeof value === 'boolean') return { parameterChoice: { $case: 'boolParam', value } };
  if (typeof value === 'number') return { parameterChoice: { $case: 'int64Param', value: toInt64(value) } };
  return undefined;
}

function toInt64(value: number): bigint {
  const whole = Number.isFinite(value) ? BigInt(Math.trunc(value)) : INT64_MAX;
  return whole > INT64_MAX ? INT64_MAX : whole < -INT64_MAX - 1n ? -INT64_MAX - 1n : whole;
}

/** Whether the strings of a BYTES tensor with these parameters are base64; they are UTF-8 otherwise. */
export function isBase64(parameters: Parameters): boolean {
  const choice = parameters['content_type']?.parameterChoice;
  return choice?.$case === 'stringParam' && BASE64.includes(choice.value);
}
