/** A line that stays, goes or comes. */
type Edit = { readonly mark: ' ' | '-' | '+'; readonly line: string };

const CONTEXT = 3;
/** Above this many pairs of lines, texts that differ so much are not worth the time: one goes, the other comes. */
const MOST_PAIRS = 16_000_000;

/**
 * The difference of two YAML texts in hunks, as `diff -u` shows it. Each hunk begins with the place of its first change, since its
 * few lines of context seldom tell which container they are in. Empty for equal texts.
 */
export function unifiedDiff(before: string, after: string): string {
  const edits = editsBetween(linesOf(before), linesOf(after));
  return hunks(edits)
    .map(({ from, to }) => hunkText(edits, from, to))
    .join('');
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** By the longest common subsequence of what is left when equal beginnings and ends are cut off. */
function editsBetween(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const middle = changedLines(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...marked(' ', before.slice(0, head)), ...middle, ...marked(' ', before.slice(before.length - tail))];
}

function marked(mark: Edit['mark'], lines: readonly string[]): readonly Edit[] {
  return lines.map((line) => ({ mark, line }));
}

function changedLines(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const [n, m] = [before.length, after.length];
  if (n === 0 || m === 0 || n * m > MOST_PAIRS) return [...marked('-', before), ...marked('+', after)];
  const width = m + 1;
  // How many lines the rests from (i, j) on have in common.
  const common = new Uint32Array((n + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1)
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < n && j < m) {
    if (before[i] === after[j]) [i, j] = [i + 1, j + (edits.push({ mark: ' ', line: after[j] ?? '' }) > 0 ? 1 : 0)];
    else if (at(i + 1, j) >= at(i, j + 1)) edits.push({ mark: '-', line: before[i++] ?? '' });
    else edits.push({ mark: '+', line: after[j++] ?? '' });
  }
  return [...edits, ...marked('-', before.slice(i)), ...marked('+', after.slice(j))];
}

type Hunk = { readonly from: number; readonly to: number };

/** Changes with few lines between them share a hunk. */
function hunks(edits: readonly Edit[]): readonly Hunk[] {
  const found: Hunk[] = [];
  edits.forEach(({ mark }, i) => {
    if (mark === ' ') return;
    const next = { from: Math.max(0, i - CONTEXT), to: Math.min(edits.length, i + CONTEXT + 1) };
    const last = found.at(-1);
    if (last !== undefined && next.from <= last.to) found[found.length - 1] = { from: last.from, to: next.to };
    else found.push(next);
  });
  return found;
}

function hunkText(edits: readonly Edit[], from: number, to: number): string {
  const lines = edits.slice(from, to);
  const range = (mark: '-' | '+'): string => {
    const isIn = (edit: Edit): boolean => edit.mark === ' ' || edit.mark === mark;
    const [above, inside] = [edits.slice(0, from).filter(isIn).length, lines.filter(isIn).length];
    return `${mark}${inside === 0 ? above : above + 1},${inside}`;
  };
  const first = from + lines.findIndex(({ mark }) => mark !== ' ');
  const header = `@@ ${range('-')} ${range('+')} @@ ${placeOf(edits, first)}`.trimEnd();
  return [header, ...lines.map(({ mark, line }) => `${mark}${line}`), ''].join('\n');
}

/** The keys that a line of YAML stands under, items of lists by their name: `spec.template.spec.containers.mm.env`. */
function placeOf(edits: readonly Edit[], index: number): string {
  const place: string[] = [];
  let indent = indentOf(edits[index]?.line ?? '');
  for (const { line } of edits.slice(0, index).toReversed()) {
    if (indentOf(line) >= indent) continue;
    indent = indentOf(line);
    const [, item, key] = /^ *(?:- name: (.*)|(?:- )?([^:]*):.*)$/.exec(line) ?? [];
    place.unshift(item ?? key ?? '-');
  }
  return place.join('.');
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
