import { posix } from 'node:path';

/** What a path may hold as it is (RFC 3986 §3.3); encodeURIComponent escapes these too. */
const PLAIN = /%(?:24|26|2B|2C|3A|3B|3D|40)/gi;

/** The URL of a model: its path joined to that of the base, the base's query kept, its user left out. */
export function modelUrl(base: URL, path: string): URL {
  const url = new URL(base);
  url.username = '';
  url.password = '';
  url.hash = '';
  const below = path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment.toWellFormed()).replaceAll(PLAIN, (escape) => decodeURIComponent(escape)),
    )
    .join('/');
  url.pathname = posix.join('/', url.pathname, below);
  return url;
}

/** A URL for a sentence: its user and query may be secrets. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
