/**
 * Reading and replacing one string in the bytes of a protobuf message, by the numbers of the fields that lead to it. Nothing else of the
 * message is decoded, so that any message passes unchanged. (Protocol Buffers encoding: a tag is `number << 3 | wire type`.)
 */

const LENGTH_DELIMITED = 2;

/** One field in the bytes: `start` is that of its tag, `value` and `end` are those of its content. */
type Found = { readonly start: number; readonly value: number; readonly end: number };

/** The string at `path`; undefined where there is none, where it is empty, and in bytes that are no message. */
export function extractText(message: Buffer, path: readonly number[]): string | undefined {
  let [start, end] = [0, message.length];
  for (const number of path) {
    const found = lastField(message, start, end, number);
    if (found === undefined || found === 'malformed') return undefined;
    [start, end] = [found.value, found.end];
  }
  return start === end ? undefined : message.toString('utf8', start, end);
}

/**
 * The message with `text` at `path`, nested messages made where they are missing. If a field occurs more than once, the last
 * one counts, as for a decoder. @throws RangeError for bytes that are no message.
 */
export function spliceText(message: Buffer, path: readonly number[], text: string): Buffer {
  const [number, ...rest] = path;
  if (number === undefined) return Buffer.from(text);
  const found = lastField(message, 0, message.length, number);
  if (found === 'malformed') throw new RangeError('The request is no protobuf message');
  const inner = found === undefined ? Buffer.alloc(0) : message.subarray(found.value, found.end);
  const value = spliceText(inner, rest, text);
  const head = Buffer.from([...varint(number * 8 + LENGTH_DELIMITED), ...varint(value.length)]);
  if (found === undefined) return Buffer.concat([message, head, value]);
  return Buffer.concat([message.subarray(0, found.start), head, value, message.subarray(found.end)]);
}

function lastField(message: Buffer, from: number, to: number, number: number): Found | 'malformed' | undefined {
  let last: Found | undefined;
  for (let at = from; at < to;) {
    const tag = readVarint(message, at, to);
    if (tag === undefined) return 'malformed';
    const field = contentOf(message, tag.value % 8, tag.end, to);
    if (field === undefined) return 'malformed';
    if (Math.floor(tag.value / 8) === number && tag.value % 8 === LENGTH_DELIMITED) last = { start: at, ...field };
    at = field.end;
  }
  return last;
}

/** Groups, which proto3 has no more, count as malformed. */
function contentOf(message: Buffer, wireType: number, at: number, to: number): Omit<Found, 'start'> | undefined {
  switch (wireType) {
    case 0: {
      const end = readVarint(message, at, to)?.end;
      return end === undefined ? undefined : { value: at, end };
    }
    case 1:
      return at + 8 <= to ? { value: at, end: at + 8 } : undefined;
    case LENGTH_DELIMITED: {
      const length = readVarint(message, at, to);
      if (length === undefined || length.end + length.value > to) return undefined;
      return { value: length.end, end: length.end + length.value };
    }
    case 5:
      return at + 4 <= to ? { value: at, end: at + 4 } : undefined;
    default:
      return undefined;
  }
}

/** Ten bytes at most; a value beyond JavaScript's exact integers is only ever skipped. */
function readVarint(
  message: Buffer,
  at: number,
  to: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10 && at + index < to; index += 1) {
    const byte = message[at + index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return undefined;
}

function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
