import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { RestError } from './rest-error.ts';
import { JsonScanner, type JsonEvents } from './json-scanner.ts';

/** Builds the value from its events, as JSON.parse would. */
function createBuilder(): JsonEvents & { value(): unknown } {
  const open: { readonly value: unknown[] | Record<string, unknown>; key: string }[] = [];
  let root: unknown;
  const add = (value: unknown): void => {
    const parent = open.at(-1);
    if (parent === undefined) root = value;
    else if (Array.isArray(parent.value)) parent.value.push(value);
    else
      Object.defineProperty(parent.value, parent.key, { value, enumerable: true, configurable: true, writable: true });
  };
  const start = (value: unknown[] | Record<string, unknown>) => (): void => {
    add(value);
    open.push({ value, key: '' });
  };
  return {
    startObject: () => start({})(),
    endObject: () => void open.pop(),
    startArray: () => start([])(),
    endArray: () => void open.pop(),
    key: (name) => {
      (open.at(-1) as { key: string }).key = name;
    },
    string: (bytes, from, to) => add(bytes.toString('utf8', from, to)),
    number: ({ value }) => add(value),
    literal: add,
    value: () => root,
  };
}

/** Undefined for what is no JSON text. */
function scan(pieces: readonly Buffer[]): { readonly value: unknown } | undefined {
  const builder = createBuilder();
  const scanner = new JsonScanner(builder);
  try {
    for (const piece of pieces) scanner.write(piece);
    return scanner.end() ? { value: builder.value() } : undefined;
  } catch (error) {
    assert.ok(error instanceof RestError, String(error));
    return undefined;
  }
}

function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [
    0,
    ...cuts.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const cuts = fc.array(fc.nat(10_000), { maxLength: 8 });

test('a text means what JSON.parse makes of it, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, 4), cuts, (text, indent, places) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      assert.deepEqual(scan(cut(Buffer.from(spaced), places)), parse(spaced));
    }),
  );
});

test('of texts that are almost JSON, those are refused that JSON.parse refuses', () => {
  const odd = [
    '"a"',
    '"\\u00e9"',
    '"\\ud83d\\ude00"',
    '"\\x"',
    '"',
    '\\',
    '01',
    '.5',
    '1E+',
    'tru',
    'nul',
    '\u0001',
    'é',
    '5.',
    '"\\u12g4"',
  ];
  const even = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '1',
    '-',
    '0',
    '1.5',
    '1e5',
    '-0',
    'true',
    'null',
    'false',
    ' ',
    '\n',
    '1e-3',
  ];
  const token = fc.constantFrom(...even, ...odd);
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), cuts, (tokens, places) => {
      const text = tokens.join('');
      assert.deepEqual(scan(cut(Buffer.from(text), places)), parse(text));
    }),
    { numRuns: 3_000 },
  );
});

test('no bytes make it fail with anything but a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, places) => {
      scan(cut(Buffer.from(bytes), places));
    }),
  );
});

test('a number is the double next to what is written', () => {
  const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,20})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?$/);
  const numbers = fc.oneof(
    digits,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.maxSafeInteger().map(String),
  );
  fc.assert(
    fc.property(numbers, fc.boolean(), (text, isNegative) => {
      const signed = isNegative && !text.startsWith('-') ? `-${text}` : text;
      assert.deepEqual(scan([Buffer.from(signed)]), { value: Number(signed) });
    }),
    { numRuns: 3_000 },
  );
});

test('half of a surrogate pair becomes the sign for what is not readable', () => {
  for (const text of ['"\\ud83d"', '"\\ude00"', '"\\ud83dx"', '"\\ud83d\\u0041"'])
    assert.deepEqual(scan([Buffer.from(text)]), {
      value: (JSON.parse(text) as string).replaceAll(/\p{Surrogate}/gu, '\ufffd'),
    });
});

test('a refusal says where the text is wrong, also behind a cut', () => {
  const scanner = new JsonScanner(createBuilder());
  scanner.write(Buffer.from('[1, 2,'));
  assert.throws(() => scanner.write(Buffer.from(' x]')), {
    message: "invalid JSON: unexpected 'x' at byte 7",
    code: 3,
  });
});

test('brackets and numbers without an end are refused while they come', () => {
  assert.throws(() => new JsonScanner(createBuilder()).write(Buffer.alloc(20_000, '[')), {
    message: /more than 10000 brackets/,
  });
  const scanner = new JsonScanner(createBuilder());
  assert.throws(() => scanner.write(Buffer.alloc(5_000, '1')), {
    message: 'invalid JSON: the number at byte 0 is too long',
  });
});
