const BACKSLASH = 0x5c;
const ESCAPES = new Map(
  Object.entries({ '"': 0x22, '\\': 0x5c, '/': 0x2f, b: 8, f: 12, n: 10, r: 13, t: 9 }).map(
    ([letter, byte]) => [letter.charCodeAt(0), byte] as const,
  ),
);

/** Whether `\x` is an escape that JSON knows, `\u` aside. */
export function isEscape(byte: number): boolean {
  return ESCAPES.has(byte);
}

/**
 * The bytes that a string of a JSON text means, in UTF-8. `raw` is what stands between the quotes, its escapes known to be well formed.
 * Bytes that are no
 * UTF-8 stay as they are; half of a surrogate pair becomes U+FFFD.
 */
export function unescapeBytes(raw: Buffer): Buffer {
  // Every escape is at least as long as what it means.
  const out = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at] as number;
    if (byte !== BACKSLASH) {
      out[length++] = byte;
      continue;
    }
    at += 1;
    const plain = ESCAPES.get(raw[at] as number);
    if (plain !== undefined) {
      out[length++] = plain;
      continue;
    }
    const { text, taken } = unicodeEscape(raw, at + 1);
    length += out.write(text, length);
    at += taken;
  }
  return out.subarray(0, length);
}

/** The hex digits start at `at`; a pair of surrogates is two escapes. */
function unicodeEscape(raw: Buffer, at: number): { readonly text: string; readonly taken: number } {
  const unit = hexAt(raw, at);
  const isHigh = unit >= 0xd800 && unit < 0xdc00;
  if (isHigh && raw[at + 4] === BACKSLASH && raw[at + 5] === 0x75) {
    const low = hexAt(raw, at + 6);
    if (low >= 0xdc00 && low < 0xe000) return { text: String.fromCharCode(unit, low), taken: 10 };
  }
  const isHalf = unit >= 0xd800 && unit < 0xe000;
  return { text: isHalf ? '\ufffd' : String.fromCharCode(unit), taken: 4 };
}

function hexAt(raw: Buffer, at: number): number {
  return Number.parseInt(raw.toString('latin1', at, at + 4), 16);
}
