import type { Schema, SchemaTensor } from '../layout/schema.ts';
import { topLevelFields } from './text-format.ts';

const TYPES = new Set('BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 STRING'.split(' '));

/** The `backend` of a generated configuration. */
const BACKENDS: Readonly<Record<string, string>> = {
  tensorflow: 'tensorflow',
  keras: 'tensorflow',
  onnx: 'onnxruntime',
  pytorch: 'pytorch',
  tensorrt: 'tensorrt',
};

/** `config.pbtxt` for a model that has a schema and no configuration of its own. @throws Error for a datatype that Triton does not know */
export function generatedConfig(type: string, schema: Schema): string {
  const backend = BACKENDS[type];
  return `${backend === undefined ? '' : `backend: "${backend}"\n`}${tensors(schema, false)}`;
}

/**
 * A model's own `config.pbtxt` as Triton gets it: without a name, for models are known by their ids, and with the tensors of the
 * schema in place of its own. What cannot be read is passed on as it is: Triton says best what is wrong with it.
 * @throws Error where schema and batching do not agree
 */
export function rewrittenConfig(text: string, schema: Schema | undefined): string {
  const fields = topLevelFields(text);
  if (fields === undefined) return text;
  const replaced = schema === undefined ? ['name'] : ['name', 'input', 'output'];
  const kept = fields.filter(({ name }) => !replaced.includes(name)).map((field) => field.text);
  const batched = fields.some((field) => field.name === 'max_batch_size' && /:\s*0*[1-9]/.test(field.text));
  return `${kept.join('\n')}\n${schema === undefined ? '' : tensors(schema, batched)}`;
}

function tensors({ inputs = [], outputs = [] }: Schema, batched: boolean): string {
  const all = [...inputs, ...outputs];
  if (batched && all.some(({ shape }) => shape[0] !== -1))
    throw new Error(
      'Conflicting model configuration: If model has schema and config.pbtxt with max_batch_size > 0, then the first dimension of all inputs and outputs must have size -1.',
    );
  const block = (kind: string) => (tensor: SchemaTensor) => tensorText(kind, tensor, batched);
  return [...inputs.map(block('input')), ...outputs.map(block('output'))].join('');
}

function tensorText(kind: string, { name, datatype, shape }: SchemaTensor, batched: boolean): string {
  const type = datatype === 'BYTES' ? 'STRING' : datatype;
  if (!TYPES.has(type))
    throw new Error(`The schema gives ${kind} '${name}' the datatype '${datatype}', which Triton does not know`);
  const dims = (batched ? shape.slice(1) : shape).map((size) => `  dims: ${size}\n`);
  return `${kind} {\n  name: ${JSON.stringify(name)}\n  data_type: TYPE_${type}\n${dims.join('')}}\n`;
}
