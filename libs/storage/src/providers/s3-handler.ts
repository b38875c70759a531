import { Agent, request } from 'undici';

/** What the SDK hands over, and wants back, of one HTTP request. */
type SdkRequest = {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
};
type SdkOptions = { readonly abortSignal?: unknown };

const CONNECT_MS = 10_000;
/** What may be received ahead of its use, so that the network does not wait for the disk. */
const READ_AHEAD_BYTES = 1_048_576;

/**
 * Carries the SDK's requests, which have no bodies, by undici: a large object comes half as fast again as by the SDK's own handler.
 * `certificate` takes the place of the system's authorities.
 */
export function s3Handler(certificate: string | undefined) {
  const ca = certificate === undefined ? {} : { ca: certificate };
  const agent = new Agent({ connect: { timeout: CONNECT_MS, ...ca }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    handle: async (given: SdkRequest, { abortSignal }: SdkOptions = {}) => {
      const answer = await request(urlOf(given), {
        dispatcher: agent,
        method: given.method as 'GET',
        headers: given.headers,
        highWaterMark: READ_AHEAD_BYTES,
        ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
      });
      const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
      return { response: { statusCode: answer.statusCode, headers, body: answer.body } };
    },
    destroy: () => void agent.destroy(),
    // The SDK requires these; none can be set.
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((each) => `${escape(name)}=${escape(each)}`),
  );
  const search = parts.length === 0 ? '' : `?${parts.join('&')}`;
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${search}`;
}

/** As the signature has it. */
function escape(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
