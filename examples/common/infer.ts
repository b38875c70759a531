/** One input `x` of FP32 in, one output `y` out: the part of V2 that the examples serve. */
import { status } from '@grpc/grpc-js';
import { Refusal } from './grpc.ts';

export type InferRequest = {
  readonly modelName: string;
  readonly id: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly contents: { readonly fp32Contents: readonly number[] } | null;
  }[];
};

/** @throws Refusal in the caller's words */
export function valuesOf({ inputs }: InferRequest): readonly number[] {
  const [input] = inputs;
  if (inputs.length !== 1 || input?.name !== 'x')
    throw new Refusal(status.INVALID_ARGUMENT, "the model has one input, 'x'");
  if (input.datatype !== 'FP32')
    throw new Refusal(status.INVALID_ARGUMENT, `input 'x' has datatype '${input.datatype}', model expects 'FP32'`);
  return input.contents?.fp32Contents ?? [];
}

export function answerOf({ modelName, id }: InferRequest, values: readonly number[]): object {
  const output = { name: 'y', datatype: 'FP32', shape: [values.length], contents: { fp32Contents: values } };
  return { modelName, id, outputs: [output] };
}

/** A mesh that hears this loads the model again, and asks again. */
export function notLoaded(id: string): Refusal {
  return new Refusal(status.NOT_FOUND, `Model ${id} is not loaded`);
}
