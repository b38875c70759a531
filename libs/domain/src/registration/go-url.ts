/** The parts of a URL that storage URIs use. `path` is percent-decoded; `query` and `fragment` are as written. */
export type GoUrl = {
  readonly scheme: string;
  readonly authority: string;
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string | undefined;
};

export type ParsedUrl =
  | { readonly kind: 'url'; readonly url: GoUrl }
  | { readonly kind: 'problem'; readonly problem: string };

class UrlProblem extends Error {}

/**
 * Parses a URL as Go's net/url does, with Go's texts for what is wrong. JavaScript's URL normalises hosts and paths and accepts
 * less, and a model's identity depends on every character.
 */
export function parseGoUrl(raw: string): ParsedUrl {
  try {
    return { kind: 'url', url: parse(raw) };
  } catch (error) {
    if (error instanceof UrlProblem)
      return { kind: 'problem', problem: `parse ${JSON.stringify(raw)}: ${error.message}` };
    throw error;
  }
}

function parse(raw: string): GoUrl {
  const [withoutFragment, fragment] = cut(raw, '#');
  if (withoutFragment.split('').some((character) => character < ' ' || character === '\x7f'))
    throw new UrlProblem('net/url: invalid control character in URL');
  const { scheme, rest } = splitScheme(withoutFragment);
  const [beforeQuery, query] = cut(rest, '?');
  if (!beforeQuery.startsWith('/')) {
    if (scheme !== '') return { scheme, authority: '', host: '', path: '', query, fragment };
    if (beforeQuery.split('/')[0]?.includes(':'))
      throw new UrlProblem('first path segment in URL cannot contain colon');
  }
  const hasAuthority = beforeQuery.startsWith('//') && (scheme !== '' || !beforeQuery.startsWith('///'));
  const slash = hasAuthority ? beforeQuery.indexOf('/', 2) : 0;
  const end = slash === -1 ? beforeQuery.length : slash;
  const authority = hasAuthority ? beforeQuery.slice(2, end) : '';
  const host = parseHost(authority.slice(authority.lastIndexOf('@') + 1));
  if (fragment !== undefined) unescape(fragment);
  return { scheme, authority, host, path: unescape(beforeQuery.slice(end)), query, fragment };
}

function splitScheme(text: string): { readonly scheme: string; readonly rest: string } {
  if (text.startsWith(':')) throw new UrlProblem('missing protocol scheme');
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):([^]*)$/.exec(text) ?? [];
  return scheme === undefined ? { scheme: '', rest: text } : { scheme: scheme.toLowerCase(), rest: rest ?? '' };
}

function parseHost(host: string): string {
  if (host.startsWith('[')) {
    const close = host.lastIndexOf(']');
    if (close === -1) throw new UrlProblem("missing ']' in host");
    checkPort(host.slice(close + 1));
    return host;
  }
  const colon = host.lastIndexOf(':');
  if (colon !== -1) checkPort(host.slice(colon));
  const wrong = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.exec(host)?.[0];
  if (wrong !== undefined) throw new UrlProblem(`invalid character ${JSON.stringify(wrong)} in host name`);
  return unescape(host);
}

function checkPort(text: string): void {
  if (!/^(:\d*)?$/.test(text)) throw new UrlProblem(`invalid port ${JSON.stringify(text)} after host`);
}

function unescape(text: string): string {
  const wrong = /%(?![0-9A-Fa-f]{2}).{0,2}/su.exec(text)?.[0];
  if (wrong !== undefined) throw new UrlProblem(`invalid URL escape ${JSON.stringify(wrong)}`);
  const bytes = Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(0xf700 + Number.parseInt(hex, 16))),
  );
  // Private-use characters stood in for raw bytes, so that neighbours of one UTF-8 sequence are decoded together.
  return decodeStandIns(bytes);
}

function decodeStandIns(bytes: Buffer): string {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i += 1) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
    // U+F700 to U+F7FF in UTF-8: ef 9c 80 to ef 9f bf.
    if (a === 0xef && b >= 0x9c && b <= 0x9f) {
      out.push(((b - 0x9c) << 6) | (c & 0x3f));
      i += 2;
    } else {
      out.push(a);
    }
  }
  return Buffer.from(out).toString('utf8');
}

function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
