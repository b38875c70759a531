/** The model of all examples: `{"weights": [2, 3], "bias": 1}` in a file. */
import { readFile } from 'node:fs/promises';

export type LinearModel = { readonly weights: readonly number[]; readonly bias: number; readonly bytes: number };

/** @throws Error with what is wrong with the file */
export async function readLinearModel(file: string): Promise<LinearModel> {
  const text = await readFile(file, 'utf8');
  const { weights, bias } = JSON.parse(text) as Partial<LinearModel>;
  if (!Array.isArray(weights) || typeof bias !== 'number') throw new Error(`${file} needs weights and a bias`);
  return { weights, bias, bytes: Buffer.byteLength(text) };
}

/** One number for each row of as many values as there are weights. @throws Error for a number of values that gives no whole rows */
export function predictLinear({ weights, bias }: LinearModel, values: readonly number[]): readonly number[] {
  if (values.length === 0 || values.length % weights.length !== 0)
    throw new Error(`unexpected shape for input: ${values.length} values are no rows of ${weights.length}`);
  const rows = Array.from({ length: values.length / weights.length }, (_, row) => row * weights.length);
  return rows.map((start) => weights.reduce((sum, weight, index) => sum + weight * (values[start + index] ?? 0), bias));
}
