import type { Route } from './routes.ts';

const json = (schema: object): object => ({ content: { 'application/json': { schema } } });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const list = (items: object): object => ({ type: 'array', items });
const text = { type: 'string' };
const integer = { type: 'integer', format: 'int64' };
const object = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
});

const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP32',
  'FP64',
  'BYTES',
];
const parameters = { type: 'object', additionalProperties: { type: ['string', 'integer', 'boolean', 'null'] } };
const tensor = { name: text, datatype: { enum: DATATYPES }, shape: list(integer), parameters };

const SCHEMAS = {
  Error: object({ code: { type: 'integer', description: 'The number of a gRPC code.' }, message: text }, [
    'code',
    'message',
  ]),
  InferRequest: object({
    id: text,
    parameters,
    inputs: list(
      object(
        {
          ...tensor,
          data: { type: 'array', items: {}, description: 'In row-major order, flat or nested as the shape is.' },
        },
        ['name', 'datatype', 'shape', 'data'],
      ),
    ),
    outputs: list(object({ name: text, parameters }, ['name'])),
  }),
  InferResponse: object({
    model_name: text,
    model_version: text,
    id: text,
    parameters,
    outputs: list(object({ ...tensor, data: { type: 'array', items: {}, description: 'Flat; BYTES are base64.' } })),
  }),
  ModelMetadata: object({
    name: text,
    versions: list(text),
    platform: text,
    inputs: list(ref('TensorMetadata')),
    outputs: list(ref('TensorMetadata')),
  }),
  TensorMetadata: object({
    name: text,
    datatype: text,
    shape: { ...list(text), description: 'Integers as strings; "-1" is any length.' },
  }),
};

/** The OpenAPI 3.1 description of the routes, as JSON. */
export function openApi(routes: readonly Route[]): string {
  const paths = routes.map(({ method, path, summary }) => [
    path.replaceAll(/:(\w+)/g, '{$1}'),
    {
      [method.toLowerCase()]: {
        summary,
        ...pathParameters(path),
        ...(method === 'POST' && { requestBody: json(ref('InferRequest')) }),
        responses: {
          200: { description: 'Done', ...json(answerSchema(path)) },
          default: { description: 'Not done', ...json(ref('Error')) },
        },
      },
    },
  ]);
  const info = { title: 'Open inference protocol over a mesh of models', version: '2' };
  return JSON.stringify({ openapi: '3.1.0', info, paths: Object.fromEntries(paths), components: { schemas: SCHEMAS } });
}

function pathParameters(path: string): object {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  if (names.length === 0) return {};
  return { parameters: names.map((name) => ({ name, in: 'path', required: true, schema: text })) };
}

function answerSchema(path: string): object {
  if (path.endsWith('/infer')) return ref('InferResponse');
  return /:(name|version)$/.test(path) ? ref('ModelMetadata') : { type: 'object' };
}
