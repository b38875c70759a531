import assert from 'node:assert/strict';
import { scriptOf } from './script.ts';

const plain = { sizeBytes: 1_048_576, loadMs: 100, unloadMs: 0, unloadFailures: 0, answerMs: 0 };
const fails = (until: string, code: string, message: string) => ({ trouble: { kind: 'fails', until, code, message } });

const cases = [
  { rule: 'a path that says nothing gives the defaults', path: 'models/fraud.joblib', wants: {} },
  {
    rule: 'SIZE shapes the model, in any segment',
    path: 'a/SIZE_77_5_6/b',
    wants: { sizeBytes: 77, loadMs: 5, unloadMs: 6 },
  },
  {
    rule: 'FAIL fails until it is fixed',
    path: 'FAIL_no such file',
    wants: fails('fixed', 'INTERNAL', 'no such file'),
  },
  {
    rule: 'FAILAT fails at the instance it names',
    path: 'FAILAT_5d-a1_no',
    wants: fails('never', 'INTERNAL', 'no'),
  },
  { rule: 'FAILAT of another instance does not concern this one', path: 'FAILAT_5d-a2_no', wants: {} },
  { rule: 'FAILONCE fails the first load', path: 'FAILONCE_no', wants: fails('second load', 'INTERNAL', 'no') },
  {
    rule: 'FAILCODE takes a code with underscores and a text with them',
    path: 'FAILCODE_INVALID_ARGUMENT_bad_key',
    wants: fails('never', 'INVALID_ARGUMENT', 'bad_key'),
  },
  { rule: 'a code alone has an empty text', path: 'FAILCODE_UNKNOWN', wants: fails('never', 'UNKNOWN', '') },
  { rule: 'a code that does not exist says nothing', path: 'FAILCODE_SOME_text', wants: {} },
  { rule: 'HANG', path: 'x/HANG', wants: { trouble: { kind: 'hangs' } } },
  { rule: 'CRASH', path: 'CRASH', wants: { trouble: { kind: 'crashes' } } },
  { rule: 'HANG has to be the whole segment', path: 'HANGAR', wants: {} },
  { rule: 'UNLOADFAIL counts', path: 'UNLOADFAIL_2', wants: { unloadFailures: 2 } },
  {
    rule: 'several segments add up',
    path: 'ANSWER_UNAVAILABLE_down/SLOW_20/LOSE_3',
    wants: { refusal: { code: 'UNAVAILABLE', message: 'down' }, answerMs: 20, loseAfter: 3 },
  },
];

for (const { rule, path, wants } of cases) {
  test(`path grammar: ${rule}`, () => assert.deepEqual(scriptOf(path, '5d-a1'), { ...plain, ...wants }));
}
