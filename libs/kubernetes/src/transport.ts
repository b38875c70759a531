import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { exponentialDelay } from '@meshkeeper/async';
import type { CallError } from '@meshkeeper/domain';
import pLimit, { type LimitFunction } from 'p-limit';
import { Agent, request, type Dispatcher } from 'undici';
import { apiError, networkError, type ApiStatus } from './api-error.ts';
import type { AccessSource, ClusterAccess } from './credentials.ts';

export type TransportObserver = { answered(method: string, code: string): void };

export type TransportOptions = {
  readonly access: AccessSource;
  readonly observer?: TransportObserver;
  /** Calls in flight. Measured: beyond about 20 writes, further ones only wait longer on the server's side. */
  readonly inFlight?: number;
  readonly userAgent?: string;
};

export type Call = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
};

const ATTEMPTS = 4;
const CONNECT_MS = 5_000;
const HEADERS_MS = 15_000;
/** Bookmarks come about once a minute; a stream that is silent for longer is dead. */
const WATCH_SILENCE_MS = 80_000;
/** A longer wait is the queue's to plan: its keys wait without occupying a worker. */
const PAUSES = { firstMs: 500, longestMs: 3_000 };

type Headers = Dispatcher.ResponseData['headers'];
type Exchange = { readonly status: number; readonly headers: Headers; readonly text: string; readonly url: string };

/** One pool for calls and one for watches, to one API server. */
export class KubeTransport {
  readonly #options: TransportOptions;
  readonly #slots: LimitFunction;
  #pools: { readonly identity: string; readonly calls: Agent; readonly watches: Agent } | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#slots = pLimit(options.inFlight ?? 20);
  }

  /**
   * Makes one call and parses its JSON answer. A busy server (429, 503) is called again after the time that it requests, unless that is long: the
   * caller then gets the error, with `retryAfterMs`. A 401 is followed by one call with fresh credentials. No slot is held while waiting.
   * @throws CallError, also when `call.signal` is aborted
   */
  async call<T>(call: Call): Promise<T> {
    let renew = false;
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const { status, text, url, headers } = await this.#slots(() => this.#exchange(call, renew));
      if (status < 400) return (text === '' ? undefined : JSON.parse(text)) as T;
      const error = toError(call, status, headers, text);
      renew = status === 401 && !renewed;
      if (renew) renewed = true;
      else await this.#pause(call, url, status, error, attempt);
    }
  }

  async #exchange(call: Call, renew: boolean): Promise<Exchange> {
    const { answer, url } = await this.#send(call, 'calls', renew);
    const text = await answer.body.text().catch((error: unknown) => {
      throw networkError(describe(call), url, error);
    });
    return { status: answer.statusCode, headers: answer.headers, text, url };
  }

  /** Waits before the next attempt. @throws CallError the given one when there is none, or when the caller's signal aborts */
  async #pause(call: Call, url: string, status: number, error: CallError, attempt: number): Promise<void> {
    const waitMs = error.retryAfterMs ?? exponentialDelay(attempt, PAUSES);
    if (!isBusy(status) || attempt >= ATTEMPTS || waitMs > PAUSES.longestMs) throw error;
    await delay(waitMs, undefined, call.signal && { signal: call.signal }).catch((aborted: unknown) => {
      throw networkError(describe(call), url, aborted);
    });
  }

  /** Opens a watch: the lines of its answer, each one JSON document. Ends when the server ends it. @throws CallError */
  async *stream(call: Call): AsyncGenerator<string> {
    const { answer, url } = await this.#send(call, 'watches', false);
    if (answer.statusCode >= 400) throw toError(call, answer.statusCode, answer.headers, await answer.body.text());
    let rest = '';
    try {
      for await (const chunk of answer.body.setEncoding('utf8')) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield line;
      }
    } catch (error) {
      throw networkError(describe(call), url, error);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#pools?.calls.destroy(), this.#pools?.watches.destroy()]);
  }

  async #send(
    call: Call,
    pool: 'calls' | 'watches',
    renew: boolean,
  ): Promise<{ readonly answer: Dispatcher.ResponseData; readonly url: string }> {
    const access = await this.#options.access(renew);
    const { method, path, query, body, contentType = 'application/json', signal } = call;
    try {
      const answer = await request(`${access.url}${path}`, {
        method,
        dispatcher: this.#pool(access)[pool],
        headers: {
          ...access.headers,
          accept: 'application/json',
          'user-agent': this.#options.userAgent ?? 'meshkeeper',
          ...(body === undefined ? {} : { 'content-type': contentType }),
        },
        ...(query === undefined ? {} : { query }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
        headersTimeout: call.timeoutMs ?? HEADERS_MS,
        bodyTimeout: pool === 'watches' ? WATCH_SILENCE_MS : (call.timeoutMs ?? HEADERS_MS),
      });
      this.#options.observer?.answered(method, String(answer.statusCode));
      return { answer, url: access.url };
    } catch (error) {
      this.#options.observer?.answered(method, '<error>');
      throw networkError(describe(call), access.url, error);
    }
  }

  /** Rotated certificates make new pools; the old ones finish what they carry. */
  #pool(access: ClusterAccess): { readonly calls: Agent; readonly watches: Agent } {
    const identity = createHash('sha256')
      .update(JSON.stringify([access.url, access.tls]))
      .digest('hex');
    if (this.#pools?.identity === identity) return this.#pools;
    void this.#pools?.calls.close();
    void this.#pools?.watches.close();
    const connect = { ...access.tls, timeout: CONNECT_MS, keepAlive: true, keepAliveInitialDelay: 15_000 };
    this.#pools = {
      identity,
      calls: new Agent({ allowH2: false, connections: this.#options.inFlight ?? 20, connect }),
      watches: new Agent({ allowH2: false, connect }),
    };
    return this.#pools;
  }
}

function describe({ method, path }: Call): string {
  return `${method} ${path}`;
}

function isBusy(code: number): boolean {
  return code === 429 || code === 503;
}

function toError(call: Call, status: number, headers: Headers, text: string): CallError {
  const seconds = Number(headers['retry-after']);
  const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
  return apiError(describe(call), status, parseStatus(text), retryAfterMs);
}

/** Proxies between us and the server answer in plain text. */
function parseStatus(text: string): ApiStatus {
  try {
    return JSON.parse(text) as ApiStatus;
  } catch {
    return { message: text.slice(0, 200) };
  }
}
