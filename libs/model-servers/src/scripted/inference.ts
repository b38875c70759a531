import {
  binaryValuesOf,
  namesOf,
  RpcError,
  valueOf,
  valuesOf,
  type HeaderList,
  type Reply,
  type ServerCall,
} from '@meshkeeper/grpc';
import type { Models } from './models.ts';

const ID = 'mm-model-id';
const BINARY_ID = 'mm-model-id-bin';

/** Gives each request back as it came, with metadata that says who served it and what arrived. */
export function createInference(instance: string, models: Models): (call: ServerCall) => Promise<Reply> {
  return async ({ message, headers }) => {
    await models.serve(modelIdOf(headers));
    const replyHeaders = ['served-by', instance, ...servedModel(headers), 'seen-metadata', ascii(metadataOf(headers))];
    return { message, headers: replyHeaders };
  };
}

/** @throws RpcError when there is none. */
function modelIdOf(headers: HeaderList): string {
  const [plain, [binary]] = [valueOf(headers, ID), binaryValuesOf(headers, BINARY_ID)];
  const id = binary?.toString('utf8') ?? plain;
  if (id === undefined) throw new RpcError('INVALID_ARGUMENT', `must include ${ID} header`);
  return id;
}

function servedModel(headers: HeaderList): HeaderList {
  const [plain, binary] = [valueOf(headers, ID), valueOf(headers, BINARY_ID)];
  return [
    ...(plain === undefined ? [] : ['served-model', plain]),
    ...(binary === undefined ? [] : ['served-model-bin', binary]),
  ];
}

/** As on the wire, those of HTTP/2 left out: values of `-bin` keys in base64, several of one key with commas between. */
function metadataOf(headers: HeaderList): Readonly<Record<string, string>> {
  const names = namesOf(headers).filter((name) => !name.startsWith(':'));
  return Object.fromEntries(names.map((name) => [name, valuesOf(headers, name).join(', ')]));
}

/** JSON fit for a header: what is beyond ASCII is escaped. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
