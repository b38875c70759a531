import { z } from 'zod';
import { SettingsError } from '@meshkeeper/settings';

/** Names of headers, in lower case, and the keys under which the log has their values. */
export type LoggedHeaders = ReadonlyMap<string, string>;

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
