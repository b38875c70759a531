import { z } from 'zod';
import { SettingsError } from '@meshkeeper/settings';
import type { Logger } from '@meshkeeper/telemetry';
import type { Told } from '../http/metrics.ts';
import { type HeaderList, valueOf } from '@meshkeeper/modelmesh/wire';

/** Names of headers, in lower case, and by which names the log tells their values. */
export type LoggedHeaders = ReadonlyMap<string, string>;

export type LoggedCall = Told & {
  readonly ms: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
};

export type CallLog = (call: LoggedCall, headers: HeaderList) => void;

const schema = z.record(z.string(), z.string().min(1));

/** `{"header": "logKey"}`; empty for none. @throws SettingsError */
export function parseLoggedHeaders(text: string): LoggedHeaders {
  if (text === '') return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new SettingsError('MM_LOG_REQUEST_HEADERS: must be a JSON object of names');
  return new Map(Object.entries(parsed.data).map(([header, key]) => [header.toLowerCase(), key]));
}

/** One line for each call of a client. */
export function createCallLog(logged: LoggedHeaders, logger: Logger): CallLog {
  return ({ ms, ...call }, headers) => {
    const values: Record<string, string> = {};
    for (const [header, key] of logged) {
      const value = valueOf(headers, header);
      if (value !== undefined) values[key] = value;
    }
    // What a client sends must not pass for what we say.
    logger.info({ ...values, ...call, ms: Math.round(ms * 1_000) / 1_000 }, 'Call');
  };
}
