import type { IncomingHttpHeaders } from 'node:http';
import { binaryValuesOf, namesOf, valuesOf, type HeaderList } from '@meshkeeper/grpc';
import { invalid } from '@meshkeeper/open-inference/json';

const PREFIX = 'grpc-metadata-';
/** The headers that HTTP defines for requests. */
const STANDARD = new Set(
  (
    'accept accept-charset accept-language accept-ranges authorization cache-control content-type cookie date expect from host ' +
    'if-match if-modified-since if-none-match if-schedule-tag-match if-unmodified-since max-forwards origin pragma referer ' +
    'user-agent via warning'
  ).split(' '),
);
/** What HTTP/2 or gRPC itself speaks through. */
const RESERVED =
  /^(:.*|grpc-.*|connection|content-length|content-type|host|http2-settings|keep-alive|proxy-connection|te|transfer-encoding|upgrade|user-agent)$/;
const KEY = /^[0-9a-z_.-]+$/;
const VALUE = /^[\x20-\x7e]*$/;

export type Caller = { readonly headers: IncomingHttpHeaders; readonly address: string };

/**
 * The headers of a request in the form in which a model sees them: `Grpc-Metadata-X` as `X`, `Authorization` as it is, standard ones with
 * `grpcgateway-` in front,
 * and where the request came from. What gRPC cannot carry is left out.
 */
export function requestMetadata({ headers, address }: Caller): HeaderList {
  const metadata: string[] = [];
  for (const [name, given] of Object.entries(headers))
    for (const value of typeof given === 'string' ? [given] : (given ?? [])) append(metadata, name, value);
  const host = headers['x-forwarded-host'] ?? headers.host;
  if (host !== undefined) set(metadata, 'x-forwarded-host', String(host));
  const before = headers['x-forwarded-for'];
  set(metadata, 'x-forwarded-for', before === undefined ? address : `${String(before)}, ${address}`);
  return metadata;
}

function append(metadata: string[], name: string, value: string): void {
  if (name.startsWith(PREFIX)) return set(metadata, name.slice(PREFIX.length), value);
  if (name === 'authorization') set(metadata, name, value);
  if (STANDARD.has(name)) set(metadata, `grpcgateway-${name}`, value);
}

function set(metadata: string[], key: string, value: string): void {
  if (!KEY.test(key) || RESERVED.test(key)) return;
  if (key.endsWith('-bin')) metadata.push(key, Buffer.from(value, 'base64').toString('base64'));
  else if (VALUE.test(value)) metadata.push(key, value);
}

const UNITS = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** The milliseconds that a `Grpc-Timeout` gives; undefined without one. @throws RestError 400 for what is none */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (digits === undefined) throw invalid(`invalid grpc-timeout: ${text}`);
  return Number(digits) * UNITS[unit as keyof typeof UNITS];
}

/** What a model's headers are called in the answer to the client. */
export function answerHeaders(metadata: HeaderList): Record<string, string[]> {
  return Object.fromEntries(namesOf(metadata).map((name) => [`grpc-metadata-${name}`, valuesIn(metadata, name)]));
}

/** Several values of a text go as one, with commas between them, as gRPC allows it. */
function valuesIn(metadata: HeaderList, name: string): string[] {
  if (!name.endsWith('-bin')) return [valuesOf(metadata, name).join(', ')];
  return binaryValuesOf(metadata, name).map((value) => value.toString('base64'));
}
