import { structuredPatch, type StructuredPatchHunk } from 'diff';

const CONTEXT = 3;
/** A comparison that takes longer is given up: the whole text is then shown as removed and added. */
const TIMEOUT_MS = 2_000;

/**
 * The difference of two YAML texts in hunks, as `diff -u` shows it. Each hunk starts with the path of its first change, since a few lines of
 * context seldom show which container they belong to. Empty for equal texts.
 */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const patch = structuredPatch('', '', before, after, '', '', { context: CONTEXT, timeout: TIMEOUT_MS });
  const hunks = patch?.hunks ?? [wholeText(linesOf(before), linesOf(after))];
  return hunks.map((hunk) => hunkText(hunk, linesOf(before), linesOf(after))).join('');
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function wholeText(before: readonly string[], after: readonly string[]): StructuredPatchHunk {
  const lines = [...before.map((line) => `-${line}`), ...after.map((line) => `+${line}`)];
  return { oldStart: 1, oldLines: before.length, newStart: 1, newLines: after.length, lines };
}

function hunkText(hunk: StructuredPatchHunk, before: readonly string[], after: readonly string[]): string {
  const lines = hunk.lines.filter((line) => !line.startsWith('\\'));
  const first = lines.findIndex((line) => !line.startsWith(' '));
  // The context above the first change is the same in both texts.
  const isRemoval = lines[first]?.startsWith('-') === true;
  const path = isRemoval ? pathOf(before, hunk.oldStart - 1 + first) : pathOf(after, hunk.newStart - 1 + first);
  const range = (mark: string, start: number, count: number): string =>
    `${mark}${count === 0 ? start - 1 : start},${count}`;
  const ranges = `${range('-', hunk.oldStart, hunk.oldLines)} ${range('+', hunk.newStart, hunk.newLines)}`;
  return [`@@ ${ranges} @@ ${path}`.trimEnd(), ...lines, ''].join('\n');
}

/** The keys above a line of YAML, list items by their name: `spec.template.spec.containers.mm.env`. */
function pathOf(lines: readonly string[], index: number): string {
  const path: string[] = [];
  let indent = indentOf(lines[index] ?? '');
  for (const line of lines.slice(0, index).toReversed()) {
    if (indentOf(line) >= indent) continue;
    indent = indentOf(line);
    const [, item, key] = /^ *(?:- name: (.*)|(?:- )?([^:]*):.*)$/.exec(line) ?? [];
    path.unshift(item ?? key ?? '-');
  }
  return path.join('.');
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
