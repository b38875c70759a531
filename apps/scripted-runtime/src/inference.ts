import type { IncomingHttpHeaders } from 'node:http2';
import { ServerError, Status } from 'nice-grpc-common';
import type { Models } from './models.ts';
import type { AnswerUnary } from './unary-server.ts';

const ID = 'mm-model-id';
const BINARY_ID = 'mm-model-id-bin';

/** Gives each request back as it came, with metadata that says who served it and what arrived. */
export function createInference(instance: string, models: Models): AnswerUnary {
  return async ({ message, metadata }) => {
    await models.serve(modelIdOf(metadata));
    return { message, metadata: { 'served-by': instance, ...servedModel(metadata), 'seen-metadata': ascii(metadata) } };
  };
}

/** @throws ServerError when there is none. */
function modelIdOf(metadata: IncomingHttpHeaders): string {
  const [plain, binary] = [metadata[ID], metadata[BINARY_ID]];
  if (typeof binary === 'string') return Buffer.from(binary, 'base64').toString('utf8');
  if (typeof plain === 'string') return plain;
  throw new ServerError(Status.INVALID_ARGUMENT, `must include ${ID} header`);
}

function servedModel({ [ID]: plain, [BINARY_ID]: binary }: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return {
    ...(typeof plain === 'string' ? { 'served-model': plain } : {}),
    ...(typeof binary === 'string' ? { 'served-model-bin': binary } : {}),
  };
}

/** JSON fit for a header: what is beyond ASCII is escaped. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
