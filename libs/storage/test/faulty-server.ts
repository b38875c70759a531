import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the next answers go; `path` is without the query. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, path: string) => void;

export type FaultyServer = {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `127.0.0.1:<port>` */
  readonly host: string;
  behave(behaviour: Behaviour): void;
  /** Requested paths, with their queries. */
  readonly asked: string[];
  stop(): Promise<void>;
};

/** A server that misbehaves on demand. */
export async function startFaultyServer(): Promise<FaultyServer> {
  let current: Behaviour = (_request, response) => response.writeHead(500).end();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    current(request, response, new URL(request.url ?? '', 'http://x').pathname);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    behave: (behaviour) => (current = behaviour),
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Announces `announced` bytes, sends the content, and breaks the connection when that is less. */
export function sendBody(response: ServerResponse, content: string, announced: number): void {
  // Azure's client takes no answer without an ETag.
  response.writeHead(200, { 'content-length': announced, etag: '"1"' });
  response.write(content, () => {
    if (announced === content.length) response.end();
    else response.destroy();
  });
}

/** An answer to S3's ListObjectsV2, for keys as they are. */
export function listing(objects: Readonly<Record<string, number>>): string {
  const contents = Object.entries(objects).map(
    ([key, size]) => `<Contents><Key>${escapeXml(key)}</Key><Size>${size}</Size></Contents>`,
  );
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
}

/** The same for Azure's List Blobs. */
export function azureListing(objects: Readonly<Record<string, number>>): string {
  const blobs = Object.entries(objects).map(
    ([key, size]) =>
      `<Blob><Name>${escapeXml(key)}</Name><Properties><Content-Length>${size}</Content-Length></Properties></Blob>`,
  );
  return `<?xml version="1.0"?><EnumerationResults><Blobs>${blobs.join('')}</Blobs><NextMarker/></EnumerationResults>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
