import { invalid } from '../json/rest-error.ts';
import { parseParameters, type Parameters } from './parameters.ts';

/** Of everything but the elements of tensors. */
const MAX_BYTES = 1024 * 1024;

export type RequestedOutput = { readonly name: string; readonly parameters: Parameters };

/** The value of a field, of which the scanner has seen that it is well formed. @throws RestError 400 when it is a large one */
export function parseSmall(field: string, pieces: readonly Buffer[]): unknown {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  if (bytes > MAX_BYTES) throw invalid(`${field} takes ${bytes} bytes, of which ${MAX_BYTES} are possible`);
  return JSON.parse(Buffer.concat(pieces).toString());
}

/** @throws RestError 400 */
export function parseText(field: string, value: unknown): string {
  if (value === null) return '';
  if (typeof value !== 'string') throw invalid(`${field} must be a string`);
  return value;
}

/** @throws RestError 400 */
export function parseShape(value: unknown): readonly number[] {
  if (value === null) return [];
  if (!Array.isArray(value) || !value.every((length) => Number.isSafeInteger(length)))
    throw invalid('shape must be an array of integers');
  return value as readonly number[];
}

/** @throws RestError 400 */
export function parseOutputs(value: unknown): readonly RequestedOutput[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw invalid('outputs must be an array');
  return value.map((output: unknown) => {
    if (typeof output !== 'object' || output === null || Array.isArray(output))
      throw invalid('outputs must be objects');
    const { name = null, parameters = null } = output as Record<string, unknown>;
    return { name: parseText('name', name), parameters: parseParameters(parameters) };
  });
}
