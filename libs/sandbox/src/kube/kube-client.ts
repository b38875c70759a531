import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';

/** An answer of the API server other than 2xx. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type KubeCredentials = {
  readonly url: string;
  /** PEM; the machine's authorities when absent. */
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly user:
    | { readonly kind: 'certificate'; readonly certificate: string; readonly key: string }
    | { readonly kind: 'token'; readonly token: string }
    | { readonly kind: 'none' };
};

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type CallOptions = {
  readonly body?: unknown;
  /** `application/json` when absent; a PATCH names its kind of patch. */
  readonly contentType?: string;
};

export const MERGE_PATCH = 'application/merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

export type KubeClient = {
  readonly url: string;
  /** @throws KubeError for an answer other than 2xx, Error when the server cannot be reached. */
  call<T>(method: Method, path: string, options?: CallOptions): Promise<T>;
  /** Gives the lines of a watch until it ends or `signal` aborts. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>;
  close(): Promise<void>;
};

/** A plain client for the sandbox's own few calls: no retries, no cache. */
export function createKubeClient(credentials: KubeCredentials): KubeClient {
  const agent = new Agent({ connect: tlsOptions(credentials), keepAliveTimeout: 30_000 });
  const headers = credentials.user.kind === 'token' ? { authorization: `Bearer ${credentials.user.token}` } : {};
  return {
    url: credentials.url,
    call: async <T>(method: Method, path: string, options: CallOptions = {}): Promise<T> => {
      const answer = await request(`${credentials.url}${path}`, {
        method,
        dispatcher: agent,
        headersTimeout: 15_000,
        headers: {
          ...headers,
          accept: 'application/json',
          ...(options.body === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw toError(method, path, answer.statusCode, text);
      return JSON.parse(text) as T;
    },
    lines: (path, signal) => watchLines(`${credentials.url}${path}`, agent, headers, signal),
    close: () => agent.destroy(),
  };
}

function tlsOptions(credentials: KubeCredentials): Record<string, unknown> {
  const { user } = credentials;
  return {
    timeout: 5_000,
    ...(credentials.ca === undefined ? {} : { ca: credentials.ca }),
    ...(credentials.insecure === true ? { rejectUnauthorized: false } : {}),
    ...(user.kind === 'certificate' ? { cert: user.certificate, key: user.key } : {}),
  };
}

async function* watchLines(
  url: string,
  dispatcher: Agent,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncIterable<string> {
  const answer = await request(url, { dispatcher, headers, signal, headersTimeout: 15_000, bodyTimeout: 0 });
  if (answer.statusCode >= 300) throw toError('GET', url, answer.statusCode, await answer.body.text());
  yield* createInterface({ input: answer.body, crlfDelay: Infinity });
}

function toError(method: string, path: string, status: number, text: string): KubeError {
  let message = text.slice(0, 500);
  try {
    message = (JSON.parse(text) as { readonly message?: string }).message ?? message;
  } catch {
    // not a Status object: the text itself has to do
  }
  return new KubeError(status, `${method} ${path.split('?')[0]}: ${status} ${message}`);
}

/** Whether the API server answered with this status. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof KubeError && statuses.includes(error.status);
}

/** Gives undefined for an object that is not there. */
export async function getOrUndefined<T>(client: KubeClient, path: string): Promise<T | undefined> {
  try {
    return await client.call<T>('GET', path);
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
