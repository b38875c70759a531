import { z } from 'zod';
import type { ModelFacts } from '../sessions/messages.ts';
import type { TensorFacts } from '@meshkeeper/open-inference/tensors';

const tensors = z
  .array(z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.number()).optional() }))
  .default([]);
const schema = z.object({ inputs: tensors, outputs: tensors });
const modelKey = z.object({ schema_path: z.string().optional() });

/** The path of the schema file that a model's key names. @throws Error with one sentence */
export function schemaPathOf(key: string): string | undefined {
  if (key === '') return undefined;
  const parsed = modelKey.safeParse(parseJson(key));
  if (!parsed.success) throw new Error(`the model key is not as it should be: ${key}`);
  return parsed.data.schema_path;
}

/**
 * How a model and its schema file differ, in one sentence; undefined when they agree in names and datatypes. A side that the schema
 * leaves out is not compared.
 */
export function schemaDifference(text: string, facts: ModelFacts): string | undefined {
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) return 'the schema is no JSON of inputs and outputs with names and datatypes';
  return (
    differenceOf('input', parsed.data.inputs, facts.inputs) ??
    differenceOf('output', parsed.data.outputs, facts.outputs)
  );
}

type Said = z.output<typeof tensors>;

function differenceOf(side: 'input' | 'output', said: Said, are: readonly TensorFacts[]): string | undefined {
  if (said.length === 0) return undefined;
  for (const { name, datatype } of said) {
    const found = are.find((tensor) => tensor.name === name);
    if (found === undefined) return `the schema has ${side} '${name}', which the model has not`;
    const wanted = datatype === 'STRING' ? 'BYTES' : datatype;
    if (found.datatype !== wanted) return `${side} '${name}' is ${found.datatype}, and ${datatype} in the schema`;
  }
  const unsaid = are.find(({ name }) => said.every((tensor) => tensor.name !== name));
  // A model may have more outputs than its schema; it must receive every input.
  return unsaid === undefined || side === 'output'
    ? undefined
    : `the model has input '${unsaid.name}', which the schema has not`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
