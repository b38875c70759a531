import assert from 'node:assert/strict';
import { CallError } from '@meshkeeper/domain';
import { loadFailure, loadTimedOut } from './load-failure.ts';

const cases = [
  { rule: 'the code goes before the text', code: 'INTERNAL', text: 'no such file', wants: 'INTERNAL: no such file' },
  { rule: 'UNKNOWN is not said', code: 'UNKNOWN', text: 'odd', wants: 'odd' },
  { rule: 'a code without a text stands alone', code: 'RESOURCE_EXHAUSTED', text: '', wants: 'RESOURCE_EXHAUSTED' },
  {
    rule: 'a server that went away is said to have done so',
    code: 'UNAVAILABLE',
    text: 'read ECONNRESET',
    wants:
      'UNAVAILABLE: read ECONNRESET: the model server went away during the load; it may have crashed, or been killed for the memory that it took',
  },
  { rule: 'UNKNOWN without a text is all there is', code: 'UNKNOWN', text: '', wants: 'UNKNOWN' },
];

for (const { rule, code, text, wants } of cases) {
  test(`text of a failed load: ${rule}`, () => {
    const { message, code: kept, kind } = loadFailure(new CallError('Terminal', text, { code }));
    assert.deepEqual({ message, kept, kind }, { message: wants, kept: code, kind: 'Terminal' });
  });
}

test('text of a load that took too long: whole seconds and parts of them', () => {
  assert.equal(loadTimedOut('m1', 90_000).message, 'Load of model m1 timed out after 90sec');
  assert.equal(loadTimedOut('m1', 250).message, 'Load of model m1 timed out after 0.25sec');
});
