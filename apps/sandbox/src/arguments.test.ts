import assert from 'node:assert/strict';
import { parseArguments } from './arguments.ts';

const understood: readonly (readonly [readonly string[], unknown])[] = [
  [[], { kind: 'sandbox', fresh: false, replicas: 1, mlserver: false, state: undefined }],
  [['--fresh', '--replicas', '2'], { kind: 'sandbox', fresh: true, replicas: 2, mlserver: false, state: undefined }],
  [['--replicas=3'], { kind: 'sandbox', fresh: false, replicas: 3, mlserver: false, state: undefined }],
  [['--with', 'mlserver'], { kind: 'sandbox', fresh: false, replicas: 1, mlserver: true, state: undefined }],
  [['--state', 'a/b'], { kind: 'sandbox', fresh: false, replicas: 1, mlserver: false, state: 'a/b' }],
  [['--context', 'prod'], { kind: 'context', context: 'prod', replicas: 1, state: undefined }],
  [['--context=a=b'], { kind: 'context', context: 'a=b', replicas: 1, state: undefined }],
  [['--fresh', '--help'], { kind: 'help' }],
];

for (const [given, wanted] of understood)
  test(`understands: npm start -- ${given.join(' ')}`, () => assert.deepEqual(parseArguments(given), wanted));

const refused: readonly (readonly [readonly string[], string])[] = [
  [['--bogus'], 'Unknown argument --bogus; npm start -- --help shows what there is.'],
  [['prod'], 'Unknown argument prod; npm start -- --help shows what there is.'],
  [['--fresh=yes'], 'Unknown argument --fresh=yes; npm start -- --help shows what there is.'],
  [['--replicas', '0'], '--replicas takes a whole number from 1 to 5, not 0.'],
  [['--replicas', 'two'], '--replicas takes a whole number from 1 to 5, not two.'],
  [['--context'], '--context needs a value; npm start -- --help shows what there is.'],
  [['--context', '--fresh'], '--context needs a value; npm start -- --help shows what there is.'],
  [['--state'], '--state needs a value; npm start -- --help shows what there is.'],
  [['--with', 'triton'], '--with takes mlserver, not triton.'],
  [
    ['--with', 'mlserver', '--context', 'prod'],
    '--with mlserver is for the sandbox, and --context uses none: give one of them.',
  ],
  [['--fresh', '--context', 'prod'], '--fresh empties the sandbox, and --context uses none: give one of them.'],
];

for (const [given, message] of refused)
  test(`refuses: npm start -- ${given.join(' ')}`, () => assert.throws(() => parseArguments(given), { message }));
