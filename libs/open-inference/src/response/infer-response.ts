import {
  ModelInferResponse_InferOutputTensor as InferOutputTensor,
  ModelInferResponse,
  type InferParameter,
} from '../gen/inference/v2.ts';
import { checkDatatype, writeRaw, writeTyped } from './elements.ts';
import { doubleText } from './number-text.ts';
import { JsonText } from './json-text.ts';
import { unreadable, WireReader } from './wire-reader.ts';

const OUTPUT_FIELD = 5;
const RAW_FIELD = 6;
const CONTENTS_FIELD = 5;

/** A `ModelInferResponse` whose elements are still the bytes that came. */
type Answer = {
  readonly head: ModelInferResponse;
  readonly outputs: readonly Output[];
  readonly raw: readonly Buffer[];
};
type Output = { readonly tensor: InferOutputTensor; readonly contents: readonly Buffer[] };

/**
 * The JSON body that says what the bytes of a `ModelInferResponse` say. Data is flat; strings are base64, and the tensor's `content_type` says so.
 * @throws RestError 500 for what JSON cannot say, and for bytes that are no such message
 */
export function inferResponseJson(message: Buffer): Buffer {
  const { head, outputs, raw } = readAnswer(message);
  const json = new JsonText();
  json.write('{');
  const fields = [
    ...textField('model_name', head.modelName),
    ...textField('model_version', head.modelVersion),
    ...textField('id', head.id),
    ...parametersField(head.parameters),
  ];
  json.write(fields.join(','));
  if (outputs.length > 0) {
    json.write(`${fields.length === 0 ? '' : ','}"outputs":[`);
    for (const [index, output] of outputs.entries()) {
      if (index > 0) json.write(',');
      writeOutput(json, output, raw[index]);
    }
    json.write(']');
  }
  json.write('}');
  return json.finish();
}

function writeOutput(json: JsonText, { tensor, contents }: Output, raw: Buffer | undefined): void {
  const { name, datatype, shape } = tensor;
  checkDatatype(datatype, name);
  const type = { parameterChoice: { $case: 'stringParam', value: 'base64' } } as const;
  const parameters = datatype === 'BYTES' ? { ...tensor.parameters, content_type: type } : tensor.parameters;
  const fields = [
    ...textField('name', name),
    ...textField('datatype', datatype),
    ...(shape.length === 0 ? [] : [`"shape":[${shape.join(',')}]`]),
    ...parametersField(parameters),
  ];
  json.write(`{${fields.join(',')},"data":`);
  json.array((write) => {
    if (raw !== undefined) writeRaw(datatype, raw, Number(shape.reduce((count, length) => count * length, 1n)), write);
    else for (const piece of contents) writeTyped(datatype, piece, write);
  });
  json.write('}');
}

/** Everything but the elements is read by the generated code. */
function readAnswer(message: Buffer): Answer {
  const rest: Buffer[] = [];
  const outputs: Output[] = [];
  const raw: Buffer[] = [];
  const fields = new WireReader(message);
  while (fields.next()) {
    if (fields.field === OUTPUT_FIELD) outputs.push(readOutput(message.subarray(fields.from, fields.to)));
    else if (fields.field === RAW_FIELD) raw.push(message.subarray(fields.from, fields.to));
    else rest.push(message.subarray(fields.start, fields.to));
  }
  return { head: decode(ModelInferResponse, rest), outputs, raw };
}

function readOutput(message: Buffer): Output {
  const rest: Buffer[] = [];
  const contents: Buffer[] = [];
  const fields = new WireReader(message);
  while (fields.next()) {
    if (fields.field === CONTENTS_FIELD) contents.push(message.subarray(fields.from, fields.to));
    else rest.push(message.subarray(fields.start, fields.to));
  }
  return { tensor: decode(InferOutputTensor, rest), contents };
}

function decode<T>(type: { decode(bytes: Uint8Array): T }, pieces: readonly Buffer[]): T {
  try {
    return type.decode(Buffer.concat(pieces));
  } catch {
    throw unreadable();
  }
}

function textField(name: string, value: string): readonly string[] {
  return value === '' ? [] : [`"${name}":${JSON.stringify(value)}`];
}

function parametersField(parameters: Readonly<Record<string, InferParameter>>): readonly string[] {
  const names = Object.keys(parameters).sort();
  if (names.length === 0) return [];
  const texts = names.map((name) => `${JSON.stringify(name)}:${parameterJson(parameters[name] as InferParameter)}`);
  return [`"parameters":{${texts.join(',')}}`];
}

function parameterJson({ parameterChoice: choice }: InferParameter): string {
  switch (choice?.$case) {
    case undefined:
      return 'null';
    case 'stringParam':
    case 'boolParam':
      return JSON.stringify(choice.value);
    case 'doubleParam':
      return doubleText(choice.value);
    case 'int64Param':
    case 'uint64Param':
      return String(choice.value);
  }
}
