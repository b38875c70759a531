import type { Readable } from 'node:stream';
import { request, type Agent } from 'undici';
import { discardBody } from '../discard-body.ts';
import { toStorageError } from '../failures.ts';
import { StorageError } from '../storage-error.ts';
import { shownUrl } from './http-url.ts';

export type HttpHeaders = Readonly<Record<string, string | string[]>>;

/** How the configured server is asked, and how any other is. */
export type HttpSource = { readonly own: Agent; readonly foreign: Agent; readonly headers: HttpHeaders };

export type HttpAnswer = { readonly body: Readable; readonly announced: number | undefined };

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * GETs a URL and what it redirects to. The configured headers and the client's certificate go to the first origin only, and
 * no more once a redirect has left it.
 * @throws StorageError for an answer that is not 2xx; else what undici threw.
 */
export async function followRedirects(first: URL, source: HttpSource, signal: AbortSignal): Promise<HttpAnswer> {
  let url = first;
  let isOwn = true;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const answer = await request(url, {
      dispatcher: isOwn ? source.own : source.foreign,
      headers: isOwn ? source.headers : {},
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { statusCode, headers, body } = answer;
    if (statusCode >= 200 && statusCode < 300) return { body, announced: contentLength(headers['content-length']) };
    await discardBody(body);
    if (!REDIRECTS.has(statusCode))
      throw toStorageError(undefined, { what: shownUrl(url), host: url.host }, { status: statusCode });
    url = redirectTarget(url, headers['location']);
    isOwn &&= url.origin === first.origin;
  }
  throw new StorageError('Unknown', `${shownUrl(first)} redirects more than ${MOST_REDIRECTS} times`);
}

function redirectTarget(from: URL, location: string | string[] | undefined): URL {
  const text = Array.isArray(location) ? location[0] : location;
  const url = text === undefined ? null : URL.parse(text, from.href);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new StorageError('Unknown', `${shownUrl(from)} redirects to no http(s) URL`);
  }
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

function contentLength(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}
