import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { apiError, networkError } from './api-error.ts';

const CALL = 'patch deployments team-a/x';

function partsOf({ kind, code, message, retryAfterMs }: CallError): object {
  return { kind, code, message, retryAfterMs };
}

describe('an answer of the API server', () => {
  test('keeps the reason, the words and the pause that the server gave', () => {
    const status = { code: 429, reason: 'TooManyRequests', message: 'slow down' };
    assert.deepEqual(partsOf(apiError(CALL, 429, status, 2_000)), {
      kind: 'Transient',
      code: 'TooManyRequests',
      message: 'patch deployments team-a/x: slow down',
      retryAfterMs: 2_000,
    });
  });

  test('without a reason and words is named by its code', () => {
    assert.deepEqual(partsOf(apiError(CALL, 502, {})), {
      kind: 'Transient',
      code: '502',
      message: 'patch deployments team-a/x: HTTP 502',
      retryAfterMs: undefined,
    });
  });

  test('that forbids says so first, also when it does not say what', () => {
    const message = 'services is forbidden: User "u" cannot create resource "services"';
    assert.deepEqual(
      [apiError(CALL, 403, { reason: 'Forbidden', message }), apiError(CALL, 403, {})].map((each) => each.message),
      [`Missing permission: ${message}`, 'Missing permission: patch deployments team-a/x'],
    );
  });

  test('is of the class that its code has', () => {
    const codes = [400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500, 503, 504];
    assert.deepEqual(
      codes.map((code) => `${code} ${apiError(CALL, code, {}).kind}`),
      [
        '400 Terminal',
        '401 Terminal',
        '403 Terminal',
        '404 Gone',
        '405 Terminal',
        '408 Transient',
        '409 Conflict',
        '410 Gone',
        '413 Terminal',
        '415 Terminal',
        '422 Terminal',
        '429 Transient',
        '500 Transient',
        '503 Transient',
        '504 Transient',
      ],
    );
  });
});

describe('a call without an answer', () => {
  test('names the server and the innermost cause', () => {
    const error = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
    assert.deepEqual(partsOf(networkError(CALL, 'https://127.0.0.1:1', error)), {
      kind: 'Transient',
      code: 'ApiServerUnreachable',
      message:
        'patch deployments team-a/x: the API server https://127.0.0.1:1 does not answer (connect ECONNREFUSED 127.0.0.1:1)',
      retryAfterMs: undefined,
    });
  });

  test('keeps a class that it has already', () => {
    const known = new CallError('Terminal', 'The kubeconfig names no cluster');
    assert.equal(networkError(CALL, 'https://127.0.0.1:1', known), known);
  });
});
