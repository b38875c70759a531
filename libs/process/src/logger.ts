import { pino, type Logger } from 'pino';

export type { Logger };

/** Structured logs on standard output, one JSON object a line. `process` names the program. */
export function createLogger(process: string, level: string): Logger {
  return pino({ level, base: { process }, timestamp: pino.stdTimeFunctions.isoTime });
}
