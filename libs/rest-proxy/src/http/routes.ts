import type { Readable } from 'node:stream';
import type { Backend, BackendCall } from '../backend.ts';
import {
  encodeInferRequest,
  InferRequestReader,
  inferResponseJson,
  metadataJson,
  GRPC_CODES,
  RestError,
} from '@meshkeeper/open-inference/json';
import { readBody } from './read-body.ts';

/** What a route is asked. */
export type RestCall = {
  /** Of the path, decoded. */
  readonly name: string;
  readonly version: string;
  readonly body: Readable;
  readonly backendCall: BackendCall;
};

export type RestParts = { readonly backend: Backend; readonly maxBodyBytes: number };

/** `answer` gives the JSON body of a 200, or throws RestError. */
export type Route = {
  readonly method: 'GET' | 'POST';
  /** `:name` and `:version` are of the model. */
  readonly path: string;
  readonly summary: string;
  readonly answer: (call: RestCall, parts: RestParts) => Promise<string | Buffer>;
};

const MODEL = '/v2/models/:name';
const VERSION = `${MODEL}/versions/:version`;

/** All routes but the description of themselves. The first four are those of the original. */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: `${MODEL}/infer`, summary: 'Asks a model', answer: infer },
  { method: 'POST', path: `${VERSION}/infer`, summary: 'Asks a version of a model', answer: infer },
  { method: 'GET', path: MODEL, summary: 'What a model takes and gives', answer: modelMetadata },
  { method: 'GET', path: VERSION, summary: 'What a version of a model takes and gives', answer: modelMetadata },
  { method: 'GET', path: `${MODEL}/ready`, summary: 'Whether a model can be asked', answer: modelReady },
  { method: 'GET', path: `${VERSION}/ready`, summary: 'Whether a version of a model can be asked', answer: modelReady },
  { method: 'GET', path: '/v2', summary: 'What this server is', answer: serverMetadata },
  { method: 'GET', path: '/v2/health/live', summary: 'Whether this process works', answer: live },
  { method: 'GET', path: '/v2/health/ready', summary: 'Whether the mesh can be reached', answer: ready },
];

async function infer(call: RestCall, { backend, maxBodyBytes }: RestParts): Promise<Buffer> {
  const request = await readRequest(call, maxBodyBytes);
  return inferResponseJson(await backend.infer(request, call.backendCall));
}

async function readRequest({ name, version, body }: RestCall, maxBodyBytes: number): Promise<Buffer> {
  const reader = new InferRequestReader();
  await readBody(body, maxBodyBytes, (chunk) => reader.write(chunk));
  return encodeInferRequest(name, version, reader.end());
}

async function modelMetadata({ name, version, backendCall }: RestCall, { backend }: RestParts): Promise<string> {
  return metadataJson(await backend.metadata({ name, version }, backendCall));
}

/** Not every model server behind a mesh knows ModelReady, and a mesh loads the model for whatever it is asked. */
async function modelReady({ name, version, backendCall }: RestCall, { backend }: RestParts): Promise<string> {
  await backend.metadata({ name, version }, backendCall);
  return JSON.stringify({ name, ...(version !== '' && { version }), ready: true });
}

async function serverMetadata(): Promise<string> {
  return JSON.stringify({ name: 'meshkeeper-rest-proxy', version: '0.1.0', extensions: [] });
}

async function live(): Promise<string> {
  return JSON.stringify({ live: true });
}

async function ready(_call: RestCall, { backend }: RestParts): Promise<string> {
  if (await backend.isReachable()) return JSON.stringify({ ready: true });
  throw new RestError(GRPC_CODES.UNAVAILABLE, 'the mesh cannot be reached');
}
