import { ModelInferRequest } from '../gen/inference/v2.ts';
import { varintLength } from './growing-bytes.ts';
import type { InferBody } from './infer-request-reader.ts';
import type { EncodedInput } from './tensor-reader.ts';

/** Field 5 of `ModelInferRequest`, and field 5 of each of its tensors. */
const INPUT_TAG = 0x2a;
const CONTENTS_TAG = 0x2a;

/** The bytes of the `ModelInferRequest`. What was read goes over into them, so that a body can be encoded but once. */
export function encodeInferRequest(modelName: string, modelVersion: string, body: InferBody): Buffer {
  const head = ModelInferRequest.encode({
    modelName,
    modelVersion,
    id: body.id,
    parameters: body.parameters,
    inputs: [],
    outputs: [...body.outputs],
    rawInputContents: [],
  }).finish();
  const sizes = body.inputs.map(inputSizes);
  const total = sizes.reduce((sum, { input }) => sum + 1 + varintLength(input) + input, head.length);
  const message = Buffer.allocUnsafeSlow(total);
  message.set(head, 0);
  let at = head.length;
  for (const [index, { head: tensor, contents }] of body.inputs.entries()) {
    const size = sizes[index] as InputSizes;
    at = writeTag(message, at, INPUT_TAG, size.input);
    message.set(tensor, at);
    at = writeTag(message, at + tensor.length, CONTENTS_TAG, size.contents);
    message.set(contents.head, at);
    contents.elements.moveTo(message, at + contents.head.length);
    at += size.contents;
  }
  return message;
}

type InputSizes = { readonly contents: number; readonly input: number };

function inputSizes({ head, contents }: EncodedInput): InputSizes {
  const bytes = contents.head.length + contents.elements.length;
  return { contents: bytes, input: head.length + 1 + varintLength(bytes) + bytes };
}

function writeTag(message: Buffer, start: number, tag: number, length: number): number {
  message[start] = tag;
  let at = start + 1;
  let rest = length;
  while (rest > 0x7f) {
    message[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  message[at++] = rest;
  return at;
}
