import { open } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerView, LogPart } from './container.ts';

/** PEM. */
export type LogServerTls = {
  readonly certificate: string;
  readonly key: string;
  /** Who asks must show a certificate of this authority, as the API server does. */
  readonly clientAuthority: string;
};

export type LogSource = (namespace: string, pod: string, container: string) => ContainerView | undefined;
export type LogServer = { readonly port: number; stop(): Promise<void> };

const HOST = '127.0.0.1';
const LOOK_AGAIN_MS = 200;
const PATH = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;

/** The part of a kubelet that `kubectl logs` needs, on a free port of 127.0.0.1. */
export async function startLogServer(tls: LogServerTls, source: LogSource): Promise<LogServer> {
  const { certificate: cert, key, clientAuthority: ca } = tls;
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    // Who hangs up has had enough.
    response.on('error', () => undefined);
    void answer(request, response, source).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, HOST, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, source: LogSource): Promise<void> {
  const { pathname, searchParams: asked } = new URL(request.url ?? '/', `https://${HOST}`);
  const [, namespace = '', pod = '', container = ''] = PATH.exec(pathname)?.map(decodeURIComponent) ?? [];
  const view = (): ContainerView | undefined => source(namespace, pod, container);
  const wanted = partOf(view(), asked.get('previous') === 'true');
  if (wanted === undefined) {
    response
      .writeHead(404, { 'content-type': 'text/plain' })
      .end(`no log of container ${container} in pod ${namespace}/${pod}`);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' });
  const tail = asked.get('tailLines');
  let at = wanted.from;
  const written = await readPart({ ...wanted, from: at });
  at += written.length;
  response.write(limited(tail === null ? written : lastLines(written, Number(tail)), asked.get('limitBytes')));
  const goesOn = (): boolean => view()?.log?.from === wanted.from && !response.destroyed;
  while (asked.get('follow') === 'true' && goesOn()) {
    await sleep(LOOK_AGAIN_MS);
    const more = await readPart({ ...wanted, from: at });
    at += more.length;
    if (more.length > 0) response.write(more);
  }
  response.end();
}

type Wanted = LogPart & { readonly to: number | undefined };

function partOf(view: ContainerView | undefined, previous: boolean): Wanted | undefined {
  const log = previous ? view?.previousLog : view?.log;
  return log === undefined ? undefined : { ...log, to: previous ? view?.log?.from : undefined };
}

async function readPart({ file, from, to }: Wanted): Promise<Buffer> {
  const handle = await open(file);
  try {
    const end = to ?? (await handle.stat()).size;
    const bytes = Buffer.alloc(Math.max(0, end - from));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The last lines of a text, the unfinished one counted. */
export function lastLines(bytes: Buffer, count: number): Buffer {
  if (count <= 0) return Buffer.alloc(0);
  let at = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  for (let lines = 0; lines < count && at >= 0; lines += 1) at = at === 0 ? -1 : bytes.lastIndexOf(0x0a, at - 1);
  return bytes.subarray(at + 1);
}

function limited(bytes: Buffer, limit: string | null): Buffer {
  return limit === null ? bytes : bytes.subarray(0, Number(limit));
}
