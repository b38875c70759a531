/** One top-level field of a message in protobuf's text format, with the text as it stands. */
export type TextField = { readonly name: string; readonly text: string };

/** A comment, a string, a bracket, a word or a sign. */
const TOKEN = /\s*(?:#[^\n]*|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([{}[\]<>])|([\w.+-]+)|([:;,]))/y;
const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '[': ']', '<': '>' };

/** The fields in their order; undefined for what is not protobuf text. Only the outline is understood: values are not judged. */
export function topLevelFields(text: string): readonly TextField[] | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const fields: TextField[] = [];
  for (let at = 0; at < tokens.length;) {
    const first = tokens[at];
    if (first?.kind === 'separator' && first.text !== ':') {
      at += 1;
      continue;
    }
    if (first?.kind !== 'word') return undefined;
    const end = fieldEnd(tokens, at + 1);
    if (end === undefined) return undefined;
    fields.push({ name: first.text, text: text.slice(first.start, tokens[end - 1]?.end) });
    at = end;
  }
  return fields;
}

type Token = {
  readonly kind: 'string' | 'bracket' | 'word' | 'separator';
  readonly text: string;
  readonly start: number;
  readonly end: number;
};

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, quoted, bracket, word, separator] = match;
    const found = quoted ?? bracket ?? word ?? separator;
    if (found === undefined) continue;
    const kind =
      quoted !== undefined ? 'string' : bracket !== undefined ? 'bracket' : word !== undefined ? 'word' : 'separator';
    tokens.push({ kind, text: found, start: TOKEN.lastIndex - found.length, end: TOKEN.lastIndex });
  }
  return tokens;
}

/** Where the field whose name stands before `at` ends: after `: value`, `{…}` or `[…]`. */
function fieldEnd(tokens: readonly Token[], start: number): number | undefined {
  const colon = tokens[start]?.text === ':';
  let at = colon ? start + 1 : start;
  const value = tokens[at];
  if (value?.kind === 'bracket') return closing(tokens, at);
  if (!colon || value === undefined || value.kind === 'separator') return undefined;
  at += 1;
  // Strings that follow each other are one.
  while (value.kind === 'string' && tokens[at]?.kind === 'string') at += 1;
  return at;
}

function closing(tokens: readonly Token[], start: number): number | undefined {
  const open: string[] = [];
  for (let at = start; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at] as Token;
    if (kind !== 'bracket') continue;
    const closer = CLOSERS[text];
    if (closer !== undefined) open.push(closer);
    else if (open.pop() !== text) return undefined;
    if (open.length === 0) return at + 1;
  }
  return undefined;
}
