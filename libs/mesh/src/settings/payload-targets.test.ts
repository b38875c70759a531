import assert from 'node:assert/strict';
import { parsePayloadTargets } from './payload-targets.ts';
import { isWanted } from '../payloads/payload-processors.ts';
import type { Payload } from '../payloads/payload.ts';

const any = { model: undefined, method: undefined };

const cases: readonly (readonly [string, string, unknown])[] = [
  ['nothing is no target', '', []],
  ['a logger takes everything', 'logger://*', [{ url: undefined, ...any }]],
  [
    'stars and nothing filter nothing',
    'http://h/p?*#* http://h/q',
    [
      { url: 'http://h/p?*', ...any },
      { url: 'http://h/q', ...any },
    ],
  ],
  [
    'the query names a model and the fragment a method',
    'https://h:9/p?m%201#pkg.S/M',
    [{ url: 'https://h:9/p?m%201', model: 'm 1', method: 'pkg.S/M' }],
  ],
  [
    'a slash before a filter is left out',
    'logger://*?/m1#/pkg.S/M',
    [{ url: undefined, model: 'm1', method: 'pkg.S/M' }],
  ],
];
for (const [name, text, wanted] of cases) test(name, () => assert.deepEqual(parsePayloadTargets(text), wanted));

const mistakes: readonly (readonly [string, string])[] = [
  ['logger://* nonsense', 'number 2 is no URI'],
  ['ftp://u:secret@h/p', 'number 1 must start with logger://, http:// or https://'],
  ['http://h/p?%zz', 'number 1 has a filter that is not properly encoded'],
];
for (const [text, what] of mistakes) {
  test(`${text} is refused by the name of its setting, and not repeated`, () => {
    assert.throws(() => parsePayloadTargets(text), {
      name: 'SettingsError',
      message: `MM_PAYLOAD_PROCESSORS: ${what}`,
    });
  });
}

describe('which payloads a target gets', () => {
  const payload = { modelId: 'm1', vModelId: 'v1', method: 'pkg.S/M' } as Payload;
  const rules: readonly (readonly [string, string, boolean])[] = [
    ['all without a filter', 'logger://*', true],
    ['those of the model', 'logger://*?m1', true],
    ['those of the vmodel', 'logger://*?v1', true],
    ['not those of another model', 'logger://*?m2', false],
    ['those of the method', 'logger://*?*#pkg.S/M', true],
    ['not those of another method', 'logger://*?m1#pkg.S/N', false],
  ];
  for (const [name, text, wanted] of rules) {
    test(name, () =>
      assert.deepEqual(
        parsePayloadTargets(text).map((target) => isWanted(target, payload)),
        [wanted],
      ),
    );
  }
});
