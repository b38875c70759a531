/** The gRPC codes, by number, and the HTTP status of each. */
export const GRPC_CODES = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
} as const;

const HTTP_STATUS: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/** A failure that is sent in place of an answer: `code` is the number of a gRPC code, and `message` is sent unchanged. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export function invalid(message: string): RestError {
  return new RestError(GRPC_CODES.INVALID_ARGUMENT, message);
}

/** 500 for a code that gRPC does not know. */
export function httpStatusOf(code: number): number {
  return HTTP_STATUS[code] ?? 500;
}

/** The envelope of every failure. */
export function errorBody(code: number, message: string): string {
  return JSON.stringify({ code, message });
}
