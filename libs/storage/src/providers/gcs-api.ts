import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { discardBody } from '../discard-body.ts';
import { codeOf, isConnectionFailure } from '../failures.ts';
import type { TokenSource } from './gcs-token.ts';

/**
 * GETs of Google's JSON API. Its own SDK is not used: when a download fails or is given up, it throws where no caller can catch
 * it, which ends the process; it takes no AbortSignal; and it knows no `token_uri`.
 */
export type GcsApi = {
  /** @throws HttpStatusError for an answer that is not 2xx; else what the token source or undici threw. */
  get(path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
};

export class HttpStatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.status = status;
  }
}

const ATTEMPTS = 3;
const PAUSE_MS = 200;

/** Without a token source the requests are anonymous. */
export function createGcsApi(origin: string, tokens: TokenSource | undefined): GcsApi {
  const agent = new Agent();
  const getOnce = async (path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const token = await tokens?.get();
    const answer = await request(`${origin}${path}`, {
      dispatcher: agent,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
      headers: { 'accept-encoding': 'gzip', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    await discardBody(answer.body);
    if (answer.statusCode === 401 && token !== undefined) tokens?.drop(token);
    throw new HttpStatusError(answer.statusCode);
  };
  return {
    get: async (path, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await getOnce(path, signal);
        } catch (error) {
          if (attempt >= ATTEMPTS || signal.aborted || !isWorthRetrying(error, tokens !== undefined)) throw error;
        }
        await sleep(PAUSE_MS * attempt, undefined, { signal });
      }
    },
    close: () => agent.destroy(),
  };
}

/** A refused token may only have been revoked: the next attempt requests a new one. */
function isWorthRetrying(error: unknown, hasTokens: boolean): boolean {
  if (!(error instanceof HttpStatusError)) return isConnectionFailure(codeOf(error));
  return error.status === 429 || error.status >= 500 || (error.status === 401 && hasTokens);
}
