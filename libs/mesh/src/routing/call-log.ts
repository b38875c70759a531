import type { Logger } from '@meshkeeper/process';
import type { LoggedHeaders } from '../settings/logged-headers.ts';
import type { RequestLabels } from '../metrics/metrics.ts';
import { type HeaderList, valueOf } from '@meshkeeper/grpc';

export type LoggedCall = RequestLabels & {
  readonly ms: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
};

export type CallLog = (call: LoggedCall, headers: HeaderList) => void;

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
