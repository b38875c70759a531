import assert from 'node:assert/strict';
import { createLogger } from '@meshkeeper/process';
import { createCallLog } from './call-log.ts';
import { parseLoggedHeaders } from '../settings/logged-headers.ts';

function logged(headers: string, given: readonly string[]) {
  const lines: unknown[] = [];
  const logger = createLogger('test', 'silent');
  logger.info = (line: unknown) => void lines.push(line);
  const call = { method: 'M', code: 'OK', modelId: 'm1', ms: 1.23456, requestBytes: 1, responseBytes: 2 };
  createCallLog(parseLoggedHeaders(headers), logger)(call, given);
  return lines;
}
const plain = { method: 'M', code: 'OK', modelId: 'm1', ms: 1.235, requestBytes: 1, responseBytes: 2 };

test('a call is one line', () => assert.deepEqual(logged('', ['x-tenant', 'a']), [plain]));

test('the named headers are logged under their keys, in any case', () => {
  assert.deepEqual(logged('{"X-Tenant": "tenant", "x-other": "other"}', ['x-tenant', 'a']), [
    { ...plain, tenant: 'a' },
  ]);
});

test('a header cannot pass for what the mesh says', () => {
  assert.deepEqual(logged('{"x-tenant": "code"}', ['x-tenant', 'a']), [plain]);
});

for (const text of ['nonsense', '[]', '{"a": 1}']) {
  test(`${text} is refused by the name of its setting`, () =>
    assert.throws(() => parseLoggedHeaders(text), { name: 'SettingsError', message: /^MM_LOG_REQUEST_HEADERS: / }));
}
