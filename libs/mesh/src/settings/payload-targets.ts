import { SettingsError } from '@meshkeeper/settings';

/** Where payloads go, and which of them. */
export type PayloadTarget = {
  /** Undefined: into the log. The query is the filter of models, and goes along as in the original. */
  readonly url: string | undefined;
  /** A model or a vmodel; undefined for any. */
  readonly model: string | undefined;
  /** `package.Service/Method`; undefined for any. */
  readonly method: string | undefined;
};

const SETTING = 'MM_PAYLOAD_PROCESSORS';

/** `logger://*` and `http(s)://host/path?model#method`, with spaces between. @throws SettingsError */
export function parsePayloadTargets(text: string): readonly PayloadTarget[] {
  return text.split(/\s+/).filter(Boolean).map(parseTarget);
}

/** The text is not repeated: a URL may hold a password. */
function parseTarget(text: string, index: number): PayloadTarget {
  const wrong = (what: string) => new SettingsError(`${SETTING}: number ${index + 1} ${what}`);
  if (!URL.canParse(text)) throw wrong('is no URI');
  const url = new URL(text);
  const { protocol, search, hash } = url;
  if (!['logger:', 'http:', 'https:'].includes(protocol)) throw wrong('must start with logger://, http:// or https://');
  try {
    const [model, method] = [search, hash].map((part) => filterOf(decodeURIComponent(part.slice(1))));
    url.hash = '';
    return { url: protocol === 'logger:' ? undefined : url.href, model, method };
  } catch {
    throw wrong('has a filter that is not properly encoded');
  }
}

function filterOf(text: string): string | undefined {
  const name = text.replace(/^\//, '');
  return name === '' || name === '*' ? undefined : name;
}
