/**
 * Headers as they are on the wire: name, value, name, value … Names are in lower case, values of `-bin` names are base64.
 * Flat and in order, because node's header object joins repeated headers with a comma, so that two values and one value
 * with a comma in it look the same.
 */
export type HeaderList = readonly string[];

/** Headers of HTTP/2 and gRPC for one hop. All others are the caller's and are passed to the next hop. */
const HOP_HEADERS = new Set([
  'connection',
  'content-length',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
  'grpc-timeout',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Whether a name cannot be that of custom metadata. */
export function isReserved(name: string): boolean {
  return name.startsWith(':') || HOP_HEADERS.has(name);
}

/** Whether a content type is that of gRPC, with whatever is said of the messages; gRPC-Web is another thing. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType === 'application/grpc' || /^application\/grpc[+;]/.test(contentType ?? '');
}

/** Each name once, in the order in which they come. */
export function namesOf(headers: HeaderList): readonly string[] {
  return [...new Set(headers.filter((_, i) => i % 2 === 0))];
}

/** The first value of a header. */
export function valueOf(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** All values of a header, in order. */
export function valuesOf(headers: HeaderList, name: string): readonly string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name);
}

/** All values of a `-bin` header: senders may join several with commas, and may leave the padding away. */
export function binaryValuesOf(headers: HeaderList, name: string): readonly Buffer[] {
  return valuesOf(headers, name).flatMap((value) => value.split(',').map((part) => Buffer.from(part.trim(), 'base64')));
}

/** The headers that are the caller's own. */
export function customMetadata(headers: HeaderList): HeaderList {
  const custom: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (!isReserved(name)) custom.push(name, headers[i + 1] ?? '');
  }
  return custom;
}
